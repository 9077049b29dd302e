import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Storage, sha256Of } from '@tenon/storage';

/** What a driver brings to the suite. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** Damages a stored object in place. */
  corrupt(sha256: string): Promise<void>;
  /** Everything that the medium holds, finished or not: to see that nothing is left behind. */
  entries(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const absent = sha256Of(text('never stored'));
const bytesMax = 1_000_000;

async function* pieces(...parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  for (const part of parts) {
    await nextTurn();
    yield part;
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** Run against every driver, so that they can replace each other. */
export function storageConformance(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`storage driver: ${name}`, () => {
    let subject: StorageUnderTest;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.close());

    it('names what it stores by its SHA-256 and gives it back', async () => {
      const stored = await subject.storage.put(text('hello'), { bytesMax });
      expect(stored).toEqual({ sha256: sha256Of(text('hello')), bytes: 5 });
      expect(await subject.storage.read(stored.sha256, { bytesMax })).toEqual(text('hello'));
      expect(await collect(subject.storage.stream(stored.sha256))).toEqual(text('hello'));
      expect(await subject.storage.has(stored.sha256)).toBe(true);
    });

    it('puts a stream of pieces together in order', async () => {
      const large = new Uint8Array(300_000).map((_, index) => index % 251);
      const source = pieces(large.subarray(0, 70_000), new Uint8Array(), large.subarray(70_000));
      const stored = await subject.storage.put(source, { bytesMax });
      expect(stored).toEqual({ sha256: sha256Of(large), bytes: large.byteLength });
      expect(await subject.storage.read(stored.sha256, { bytesMax })).toEqual(large);
      expect(sha256Of(await collect(subject.storage.stream(stored.sha256)))).toBe(stored.sha256);
    });

    it('stores the empty object', async () => {
      const stored = await subject.storage.put(pieces(), { bytesMax });
      expect(stored.bytes).toBe(0);
      expect(await subject.storage.read(stored.sha256, { bytesMax })).toEqual(new Uint8Array());
    });

    it('accepts exactly the bound and refuses one byte more, leaving nothing', async () => {
      await subject.storage.put(text('12345'), { bytesMax: 5 });
      const before = await subject.entries();
      await expect(subject.storage.put(text('123456'), { bytesMax: 5 })).rejects.toMatchObject({ code: 'too_large' });
      await expect(subject.storage.put(pieces(text('123'), text('456')), { bytesMax: 5 })).rejects.toMatchObject({
        code: 'too_large',
      });
      expect(await subject.entries()).toEqual(before);
    });

    it('passes the error of a source on and leaves nothing', async () => {
      async function* broken(): AsyncIterable<Uint8Array> {
        yield* pieces(text('half'));
        throw new RangeError('the client went away');
      }
      await expect(subject.storage.put(broken(), { bytesMax })).rejects.toThrow(RangeError);
      expect(await subject.entries()).toEqual([]);
    });

    it('ends at once when the signal fires while the source is silent, and leaves nothing', async () => {
      const abort = new AbortController();
      async function* silent(): AsyncIterable<Uint8Array> {
        yield text('half');
        abort.abort();
        await new Promise(() => undefined);
      }
      await expect(subject.storage.put(silent(), { bytesMax, signal: abort.signal })).rejects.toMatchObject({
        code: 'aborted',
      });
      expect(await subject.entries()).toEqual([]);
      await expect(subject.storage.put(text('x'), { bytesMax, signal: abort.signal })).rejects.toMatchObject({
        code: 'aborted',
      });
    });

    it('keeps one object however often and however concurrently the same bytes are stored', async () => {
      await Promise.all(
        Array.from({ length: 8 }, () => subject.storage.put(pieces(text('sa'), text('me')), { bytesMax })),
      );
      expect(await subject.entries()).toHaveLength(1);
      expect(await subject.storage.read(sha256Of(text('same')), { bytesMax })).toEqual(text('same'));
    });

    it('says not_found for what was never stored', async () => {
      await expect(subject.storage.read(absent, { bytesMax })).rejects.toMatchObject({ code: 'not_found' });
      await expect(collect(subject.storage.stream(absent))).rejects.toMatchObject({ code: 'not_found' });
      expect(await subject.storage.has(absent)).toBe(false);
      expect(await subject.storage.delete(absent)).toBe(false);
    });

    it('deletes', async () => {
      const { sha256 } = await subject.storage.put(text('gone'), { bytesMax });
      expect(await subject.storage.delete(sha256)).toBe(true);
      expect(await subject.storage.has(sha256)).toBe(false);
    });

    it('lists what is there, with its size and when it was stored', async () => {
      const beforeMs = Date.now();
      const values = ['one', 'two', 'three'];
      const kept = await Promise.all(values.map((value) => subject.storage.put(text(value), { bytesMax })));
      const listed = [];
      for await (const object of subject.storage.list()) listed.push(object);
      const byName = (a: { sha256: string }, b: { sha256: string }) => (a.sha256 < b.sha256 ? -1 : 1);
      expect(listed.map(({ sha256, bytes }) => ({ sha256, bytes })).sort(byName)).toEqual([...kept].sort(byName));
      // Media keep times by the second.
      for (const { storedAtMs } of listed) expect(Math.abs(storedAtMs - beforeMs)).toBeLessThan(5_000);
    });

    it('removes what was stored before a time, and not what was stored since', async () => {
      const { sha256 } = await subject.storage.put(text('old'), { bytesMax });
      expect(await subject.storage.deleteStoredBefore(sha256, Date.now() - 60_000)).toBe(false);
      expect(await subject.storage.has(sha256)).toBe(true);
      expect(await subject.storage.deleteStoredBefore(sha256, Date.now() + 60_000)).toBe(true);
      expect(await subject.storage.deleteStoredBefore(sha256, Date.now() + 60_000)).toBe(false);
      await expect(subject.storage.deleteStoredBefore('..', 0)).rejects.toMatchObject({ code: 'invalid_key' });
    });

    it('puts together what is larger than a part of a transfer', async () => {
      const large = new Uint8Array(20_000_000).map((_, index) => index % 253);
      const cuts = [0, 1, 9_000_000, 9_000_001, 17_500_000, large.length];
      const source = pieces(...cuts.slice(1).map((end, index) => large.subarray(cuts[index], end)));
      const stored = await subject.storage.put(source, { bytesMax: large.length });
      expect(stored).toEqual({ sha256: sha256Of(large), bytes: large.length });
      expect(sha256Of(await collect(subject.storage.stream(stored.sha256)))).toBe(stored.sha256);
      expect(await subject.entries()).toHaveLength(1);
    });

    it('leaves nothing of a large object that passes its bound or whose source fails', async () => {
      async function* broken(): AsyncIterable<Uint8Array> {
        yield* pieces(new Uint8Array(9_000_000), new Uint8Array(9_000_000));
        throw new RangeError('the client went away');
      }
      await expect(subject.storage.put(broken(), { bytesMax: 30_000_000 })).rejects.toThrow(RangeError);
      await expect(subject.storage.put(broken(), { bytesMax: 17_000_000 })).rejects.toMatchObject({
        code: 'too_large',
      });
      expect(await subject.entries()).toEqual([]);
    });

    it('notices damaged content', async () => {
      const { sha256 } = await subject.storage.put(text('precious'), { bytesMax });
      await subject.corrupt(sha256);
      await expect(subject.storage.read(sha256, { bytesMax })).rejects.toMatchObject({ code: 'corrupt' });
      await expect(collect(subject.storage.stream(sha256))).rejects.toMatchObject({ code: 'corrupt' });
    });

    it('does not read more into memory than the caller allows', async () => {
      const { sha256 } = await subject.storage.put(text('123456'), { bytesMax });
      await expect(subject.storage.read(sha256, { bytesMax: 5 })).rejects.toMatchObject({ code: 'too_large' });
    });

    it.each(['', '../../etc/passwd', 'A'.repeat(64), `${absent}/..`, absent.slice(1)])(
      'refuses the key %j',
      async (key) => {
        await expect(subject.storage.read(key, { bytesMax })).rejects.toMatchObject({ code: 'invalid_key' });
        await expect(subject.storage.has(key)).rejects.toMatchObject({ code: 'invalid_key' });
        await expect(subject.storage.delete(key)).rejects.toMatchObject({ code: 'invalid_key' });
        await expect(collect(subject.storage.stream(key))).rejects.toMatchObject({ code: 'invalid_key' });
      },
    );

    it('can be probed without leaving a trace', async () => {
      await subject.storage.probe();
      expect(await subject.entries()).toEqual([]);
    });
  });
}
