import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import fc from 'fast-check';
import pg from 'pg';
import { bigintArray, bytesArray, textArray } from '../src/connection/binary-array.js';

let server: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  server = await createTestDatabase();
  client = new pg.Client({ connectionString: server.ownerUrl });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await server?.drop();
});

/** What Postgres has read, written as JSON by Postgres. */
async function readBack(type: string, array: Buffer): Promise<unknown> {
  const { rows } = await client.query(`SELECT to_json($1::${type}[])::text AS read`, [array]);
  return JSON.parse(rows[0].read);
}

const runs = { numRuns: 60 };

describe('an array in its binary form is read by Postgres as it was given', () => {
  test('texts, of whatever characters and lengths, and none', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((one) => !one.includes('\0'));
    const values = fc.array(fc.option(text, { nil: null }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        expect(await readBack('text', textArray(given))).toEqual(given);
      }),
      runs,
    );
  });

  test('texts of a few megabytes, and arrays that are made before others are sent', async () => {
    const given = ['first', 'é'.repeat(500_000), 'x'.repeat(3_000_000)].map((text) => [text]);
    const arrays = given.map(textArray);
    for (const [place, array] of arrays.entries()) expect(await readBack('text', array)).toEqual(given[place]);
  });

  test('numbers up to the last that JavaScript can tell from its neighbours', async () => {
    const values = fc.array(fc.option(fc.maxSafeInteger(), { nil: null }), { maxLength: 40 });
    const bounds = [0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER];
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        expect(await readBack('bigint', bigintArray(given))).toEqual(given.map((one) => (one === 0 ? 0 : one)));
      }),
      { ...runs, examples: [[[...bounds, Number.MIN_SAFE_INTEGER]]] },
    );
  });

  test('bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 64 }).map((one) => Buffer.from(one).toString('hex'));
    const values = fc.array(fc.option(bytes, { nil: null }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(values, async (given) => {
        const expected = given.map((one) => (one === null ? null : `\\x${one}`));
        expect(await readBack('bytea', bytesArray(given))).toEqual(expected);
      }),
      runs,
    );
  });
});

test('numbers that are no integers, or not safely, are refused', () => {
  for (const value of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => bigintArray([1, value])).toThrow(RangeError);
  }
});
