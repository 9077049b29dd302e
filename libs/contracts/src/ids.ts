import { randomFillSync, randomInt } from 'node:crypto';
import { encodeTime } from 'ulid';
import { z } from 'zod';

/** Every id carries the kind of thing that it names, so that a wrong id is refused before it reaches a query. */
export const idPrefixes = {
  tenant: 'tnt',
  key: 'key',
  user: 'usr',
  session: 'ses',
  invitation: 'inv',
  extensionPoint: 'xpt',
  function: 'fn',
  version: 'ver',
  deployment: 'dep',
  settings: 'set',
  webhookSource: 'whs',
  deliveryEndpoint: 'dle',
  delivery: 'dlv',
  event: 'evt',
  execution: 'exe',
  audit: 'aud',
  request: 'req',
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<Kind extends IdKind> = `${(typeof idPrefixes)[Kind]}_${string}`;

/**
 * A new id of `kind`: the prefix and a ULID in lower case, so ids of one kind sort by the time they were made.
 * @param timeMs milliseconds since 1970, greater than 0; now, when absent.
 */
export function newId<Kind extends IdKind>(kind: Kind, timeMs?: number): Id<Kind> {
  return `${idPrefixes[kind]}_${timePart(timeMs ?? Date.now())}${randomCharacters(16)}` as Id<Kind>;
}

const crockford = '0123456789abcdefghjkmnpqrstvwxyz';
/** Many ids are made within a millisecond. */
let lastTimeMs = 0;
let lastTimePart = '';

function timePart(timeMs: number): string {
  if (timeMs !== lastTimeMs) {
    lastTimePart = encodeTime(timeMs, 10).toLowerCase();
    lastTimeMs = timeMs;
  }
  return lastTimePart;
}

/** Random characters are drawn for 256 ids at once: drawing them one by one took a tenth of the api's time under load. */
const pool = Buffer.alloc(4_096);
let poolAt = pool.length;

function randomCharacters(count: number): string {
  if (poolAt + count > pool.length) {
    randomFillSync(pool);
    // 256 is a multiple of 32, so every character is equally likely.
    for (const [at, byte] of pool.entries()) pool[at] = crockford.charCodeAt(byte & 31);
    poolAt = 0;
  }
  poolAt += count;
  return pool.toString('latin1', poolAt - count, poolAt);
}

/**
 * Makes ids of `kind` that sort as they were made, those of one millisecond and those after the clock went back too:
 * ten random characters, and a number of 30 bits that begins at random in its lower half and counts up.
 */
export function orderedIds<Kind extends IdKind>(kind: Kind, clock: () => number = Date.now): () => Id<Kind> {
  const prefix = `${idPrefixes[kind]}_`;
  let timeMs = 0;
  let head = '';
  let count = 0;
  return () => {
    const nowMs = clock();
    if (nowMs > timeMs) {
      timeMs = nowMs;
      head = `${prefix}${timePart(timeMs)}${randomCharacters(10)}`;
      count = randomInt(2 ** 29);
    }
    count += 1;
    return `${head}${sixDigits(count)}` as Id<Kind>;
  };
}

function sixDigits(count: number): string {
  let text = '';
  for (let shift = 25; shift >= 0; shift -= 5) text += crockford.charAt((count >> shift) & 31);
  return text;
}

/** When an id was made, in milliseconds since 1970; of an execution, when its event was. @throws Error for no id. */
export function idTimeMs(id: Id<IdKind>): number {
  const start = id.indexOf('_') + 1;
  if (id.length - start !== ulidLength) throw new Error('expected an id');
  let timeMs = 0;
  for (let at = start; at < start + ulidTimeLength; at += 1) timeMs = timeMs * 32 + digitAt(id, at);
  if (timeMs > ulidTimeMsMax) throw new Error('expected an id');
  return timeMs;
}

const ulidLength = 26;
const ulidTimeLength = 10;
const ulidTimeMsMax = 2 ** 48 - 1;
/** Crockford's 32 digits by their character code; the others are not in it. */
const digits = new Map([...'0123456789abcdefghjkmnpqrstvwxyz'].map((digit, value) => [digit.charCodeAt(0), value]));

function digitAt(id: string, at: number): number {
  const digit = digits.get(id.charCodeAt(at));
  if (digit === undefined) throw new Error('expected an id');
  return digit;
}

/** The first id of `kind` that can be of this time or later: a bound for spans of ids, no id itself. */
export function idBound(kind: IdKind, timeMs: number): string {
  return `${idPrefixes[kind]}_${encodeTime(Math.max(0, Math.floor(timeMs)), 10).toLowerCase()}`;
}

const ulidPattern = '[0-7][0-9a-hjkmnp-tv-z]{25}';

/** What ids of `kind` look like, as a regular expression. */
export function idPattern(kind: IdKind): string {
  return `^${idPrefixes[kind]}_${ulidPattern}$`;
}

/** Accepts ids of one kind only. The pattern proves the type, and unlike a transform it can be shown in OpenAPI. */
export function idSchema<Kind extends IdKind>(kind: Kind): z.ZodType<Id<Kind>, string> {
  const prefix = idPrefixes[kind];
  const schema = z.string().regex(new RegExp(idPattern(kind)), `expected an id that starts with ${prefix}_`);
  return schema as unknown as z.ZodType<Id<Kind>, string>;
}

/** What {@link nameSchema} takes, as a regular expression. */
export const namePattern = '^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$';

/**
 * Names that people choose (functions, extension points, plans): lower case letters, digits and inner hyphens or dots,
 * 1 to 63 characters, so that they fit a URL segment and a DNS label as they are.
 */
export const nameSchema = z
  .string()
  .regex(
    new RegExp(namePattern),
    'expected 1 to 63 of a-z, 0-9, "-" and ".", starting and ending with a letter or digit',
  );

/** A SHA-256 in lower case hexadecimal: how modules and artifacts are named. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower case hexadecimal');
