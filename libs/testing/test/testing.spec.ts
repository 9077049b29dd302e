import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createTestDatabase, createTestRedis, type TestDatabase, type TestRedis, waitFor } from '../src/index.js';

async function ask<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  let first: TestDatabase;
  let second: TestDatabase;

  beforeAll(async () => {
    [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  });
  afterAll(() => Promise.all([first.drop(), second.drop()]));

  it('keeps what one caller writes from the other', async () => {
    await ask(first.ownerUrl, 'create table only_here (x int)');
    const tables = await ask(second.ownerUrl, "select 1 from pg_tables where tablename = 'only_here'");
    expect(tables).toEqual([]);
  });

  it('gives the code under test a login that neither owns nor bypasses anything', async () => {
    const rows = await ask(
      first.url,
      'select rolsuper, rolbypassrls, rolinherit from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, rolinherit: false }]);
  });

  it('drops a database that somebody is still connected to', async () => {
    const database = await createTestDatabase();
    const client = new pg.Client({ connectionString: database.ownerUrl });
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();
    const rows = await ask(first.ownerUrl, `select 1 from pg_database where datname = '${database.name}'`);
    expect(rows).toEqual([]);
    await client.end().catch(() => undefined);
  });
});

describe('createTestRedis', () => {
  it('keeps what one caller writes from the other, and removes it at the end', async () => {
    const [one, two]: [TestRedis, TestRedis] = await Promise.all([createTestRedis(), createTestRedis()]);
    const [writer, reader] = [new Redis(one.url), new Redis(two.url)];
    try {
      await writer.set(`${one.prefix}:k`, '1');
      expect(await reader.get(`${one.prefix}:k`)).toBeNull();
      await one.close();
      expect(await writer.get(`${one.prefix}:k`)).toBeNull();
    } finally {
      writer.disconnect();
      reader.disconnect();
    }
  });
});

describe('waitFor', () => {
  it('returns the first answer that is neither undefined nor false', async () => {
    let calls = 0;
    const value = await waitFor('three calls', () => {
      calls += 1;
      return calls === 3 ? calls : undefined;
    });
    expect(value).toBe(3);
  });

  it('gives up, says for what it waited and keeps the last error', async () => {
    const waiting = waitFor('a miracle', () => Promise.reject(new Error('not today')), { timeoutMs: 50 });
    await expect(waiting).rejects.toMatchObject({
      message: 'waited 50 ms for a miracle',
      cause: expect.objectContaining({ message: 'not today' }),
    });
  });
});
