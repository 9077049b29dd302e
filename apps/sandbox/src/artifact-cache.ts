import type { CompiledArtifact } from './engine.js';

/** What an artifact costs beyond its bytes: V8's module, its jump tables and first code; measured on small guests. */
const overheadBytes = 32 * 1024;

export interface CachedArtifact {
  readonly id: string;
  /** A small number that stands for the artifact between the threads of this process. */
  readonly handle: number;
  readonly bytes: number;
  readonly compiled: CompiledArtifact;
  /** Executions that wait or run; an artifact in use is never evicted. */
  uses: number;
}

/** Compiled artifacts of one process, least recently used out first, bounded by bytes. */
export class ArtifactCache {
  private readonly byId = new Map<string, CachedArtifact>();
  private lastHandle = 0;
  private heldBytes = 0;

  constructor(
    private readonly bytesMax: number,
    private readonly onEvict: (artifact: CachedArtifact) => void,
  ) {}

  get count(): number {
    return this.byId.size;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  /** Finds an artifact and marks it as just used. */
  get(id: string): CachedArtifact | undefined {
    const found = this.byId.get(id);
    // The map keeps the order of use, which nobody needs while half of the room is left; a map that is written for each
    // run keeps the collector busy.
    if (found !== undefined && this.heldBytes * 2 > this.bytesMax) {
      this.byId.delete(id);
      this.byId.set(id, found);
    }
    return found;
  }

  /** @param bytes the size of the artifact that was compiled. */
  add(id: string, bytes: number, compiled: CompiledArtifact): CachedArtifact {
    const present = this.get(id);
    if (present !== undefined) return present;
    this.lastHandle += 1;
    const artifact: CachedArtifact = {
      id,
      handle: this.lastHandle,
      bytes: bytes + overheadBytes,
      compiled,
      uses: 0,
    };
    this.byId.set(id, artifact);
    this.heldBytes += artifact.bytes;
    this.trim();
    return artifact;
  }

  private trim(): void {
    for (const artifact of this.byId.values()) {
      if (this.heldBytes <= this.bytesMax || this.byId.size === 1) return;
      if (artifact.uses === 0) this.evict(artifact);
    }
  }

  private evict(artifact: CachedArtifact): void {
    this.byId.delete(artifact.id);
    this.heldBytes -= artifact.bytes;
    this.onEvict(artifact);
  }
}
