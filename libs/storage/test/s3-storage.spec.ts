import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openS3Storage, sha256Of } from '@tenon/storage';
import { createTestS3, type TestS3 } from '@tenon/testing';
import { storageConformance } from './storage-conformance.js';

const open = ({ endpoint, bucket, region, accessKeyId, secretAccessKey }: TestS3, secret = secretAccessKey) =>
  openS3Storage({
    ...{ endpoint, bucket, region, prefix: 'shop/', forcePathStyle: true },
    credentials: { accessKeyId, secretAccessKey: secret },
  });

storageConformance('S3', async () => {
  const server = await createTestS3();
  const storage = await open(server);
  return {
    storage,
    corrupt: async (sha256) => server.state.put(`shop/objects/${sha256}`, Buffer.from('bad')),
    entries: async () => [...server.state.objects.keys(), ...server.state.uploads.keys()],
    close: async () => {
      storage.close();
      await server.close();
    },
  };
});

describe('S3 storage', () => {
  let server: TestS3;
  beforeEach(async () => {
    server = await createTestS3();
  });
  afterEach(() => server.close());

  const bytes = new TextEncoder().encode('hello');

  it('keeps objects under its prefix', async () => {
    const storage = await open(server);
    await storage.put(bytes, { bytesMax: 10 });
    expect([...server.state.objects.keys()]).toEqual([`shop/objects/${sha256Of(bytes)}`]);
    storage.close();
  });

  it('removes what a dead writer left long ago, and nothing that may still be written', async () => {
    const old = new Date(0);
    server.state.objects.set('shop/incoming/old', { body: Buffer.from('x'), modified: old });
    server.state.put('shop/incoming/young', Buffer.from('x'));
    server.state.uploads.set('dead', { key: 'shop/incoming/a', initiated: old, parts: new Map() });
    server.state.begin('shop/incoming/b');
    server.state.objects.set('other/incoming/old', { body: Buffer.from('x'), modified: old });
    (await open(server)).close();
    expect([...server.state.objects.keys()].sort()).toEqual(['other/incoming/old', 'shop/incoming/young']);
    expect([...server.state.uploads.values()].map(({ key }) => key)).toEqual(['shop/incoming/b']);
  });

  it('says unavailable when nobody answers, when the key is wrong and when there is no such bucket', async () => {
    const unavailable = { code: 'unavailable' };
    await expect(open(server, 'wrong')).rejects.toMatchObject(unavailable);
    await expect(open({ ...server, bucket: 'none' })).rejects.toMatchObject(unavailable);
    const storage = await open(server);
    await server.close();
    await expect(storage.put(bytes, { bytesMax: 10 })).rejects.toMatchObject(unavailable);
    await expect(storage.read(sha256Of(bytes), { bytesMax: 10 })).rejects.toMatchObject(unavailable);
    await expect(storage.has(sha256Of(bytes))).rejects.toMatchObject(unavailable);
    await expect(storage.probe()).rejects.toMatchObject(unavailable);
    storage.close();
    server = await createTestS3();
  });

  it('tries again what an overloaded store refused', async () => {
    const storage = await open(server);
    server.failNext(2);
    expect(await storage.put(bytes, { bytesMax: 10 })).toMatchObject({ bytes: 5 });
    storage.close();
  });

  it('lists more objects than one answer holds', async () => {
    for (let index = 0; index < 2_500; index += 1) {
      server.state.put(`shop/objects/${index.toString(16).padStart(64, '0')}`, Buffer.from('x'));
    }
    const storage = await open(server);
    const names = new Set<string>();
    for await (const { sha256 } of storage.list()) names.add(sha256);
    expect(names.size).toBe(2_500);
    storage.close();
  });
});
