import type { ArtifactSource } from './job.js';

/** Artifact bytes that processes asked for lately, bounded by bytes; loads that overlap are one load. */
export class ArtifactStore {
  private readonly held = new Map<string, Uint8Array>();
  private readonly loading = new Map<string, Promise<Uint8Array>>();
  private heldBytes = 0;

  constructor(private readonly bytesMax: number) {}

  async get(artifact: ArtifactSource): Promise<Uint8Array> {
    const held = this.held.get(artifact.id);
    if (held !== undefined) {
      this.held.delete(artifact.id);
      this.held.set(artifact.id, held);
      return held;
    }
    const loading = this.loading.get(artifact.id) ?? this.load(artifact);
    return loading;
  }

  private load(artifact: ArtifactSource): Promise<Uint8Array> {
    const loading = artifact
      .load()
      .then((bytes) => {
        this.keep(artifact.id, bytes);
        return bytes;
      })
      .finally(() => this.loading.delete(artifact.id));
    this.loading.set(artifact.id, loading);
    return loading;
  }

  private keep(id: string, bytes: Uint8Array): void {
    this.held.set(id, bytes);
    this.heldBytes += bytes.length;
    for (const [oldest, oldBytes] of this.held) {
      if (this.heldBytes <= this.bytesMax || oldest === id) return;
      this.held.delete(oldest);
      this.heldBytes -= oldBytes.length;
    }
  }
}
