import type pg from 'pg';
import { inTransaction } from '../connection/transaction.js';

/** Held shared while something begins to need an object, and alone while it is removed. */
export function objectLock(sha256: string): string {
  return `tenon.object:${sha256}`;
}

const inUse = 'SELECT used AS sha256 FROM objects_in_use($1) AS used';
const lock = 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine';

/** Which objects of the storage are needed by anything, over all tenants. Needs the use `scheduler`. */
export class StorageUseRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Those of the objects that nothing needs; at most 1,000 at once. */
  async unused(sha256s: readonly string[]): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ sha256: string }>(inUse, [sha256s]);
    const used = new Set(rows.map(({ sha256 }) => sha256));
    return sha256s.filter((sha256) => !used.has(sha256));
  }

  /**
   * Runs `remove` while nothing can begin to need the object, if nothing needs it now.
   *
   * @returns what `remove` returns; false where the object is needed or somebody is about to need it
   */
  removeUnused(sha256: string, remove: () => Promise<boolean>): Promise<boolean> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<{ mine: boolean }>(lock, [objectLock(sha256)]);
      if (rows[0]?.mine !== true) return false;
      // In a statement of its own, so that it sees what the last holder of the lock committed.
      const used = await client.query(inUse, [[sha256]]);
      return used.rowCount === 0 ? remove() : false;
    });
  }
}
