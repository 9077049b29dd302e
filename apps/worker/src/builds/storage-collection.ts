import type { Database } from '@tenon/database';
import type { Storage } from '@tenon/storage';

export interface CollectionSettings {
  /**
   * Objects that were stored later than this are left alone: an upload is named in a version, and a run's input in its
   * record, some time after it was stored.
   */
  readonly ageMinMs: number;
  /** Objects that are asked about in one query. */
  readonly batch: number;
  /** Objects that one collection removes at most; the next one takes the rest. */
  readonly removalsMax: number;
}

export const collectionSettings: CollectionSettings = {
  ageMinMs: 24 * 60 * 60 * 1_000,
  batch: 500,
  removalsMax: 10_000,
};

/** Removes objects of the storage that nothing needs any more: modules of deleted versions, uploads that came to nothing. */
export class StorageCollection {
  constructor(
    private readonly storage: Storage,
    private readonly database: Pick<Database, 'storageUse'>,
    private readonly settings: CollectionSettings = collectionSettings,
  ) {}

  /** Looks at every object once. @returns how many were removed. */
  async collect(now = Date.now()): Promise<number> {
    const beforeMs = now - this.settings.ageMinMs;
    let removed = 0;
    let batch: string[] = [];
    for await (const { sha256, storedAtMs } of this.storage.list()) {
      if (storedAtMs < beforeMs) batch.push(sha256);
      if (batch.length < this.settings.batch) continue;
      removed += await this.#removeUnused(batch, beforeMs);
      batch = [];
      if (removed >= this.settings.removalsMax) return removed;
    }
    return removed + (await this.#removeUnused(batch, beforeMs));
  }

  async #removeUnused(sha256s: readonly string[], beforeMs: number): Promise<number> {
    if (sha256s.length === 0) return 0;
    const { storageUse } = this.database;
    let removed = 0;
    for (const sha256 of await storageUse.unused(sha256s)) {
      const remove = () => this.storage.deleteStoredBefore(sha256, beforeMs);
      if (await storageUse.removeUnused(sha256, remove)) removed += 1;
    }
    return removed;
  }
}
