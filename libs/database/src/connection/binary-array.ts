/** Object ids of types, which are the same in every Postgres. */
const oids = { bytea: 17, int8: 20, text: 25 } as const;
/** Dimensions, whether there are nulls, the type of the elements, their number, and the place of the first. */
const headerBytes = 20;
const lengthBytes = 4;
/** A character of UTF-16 takes three bytes of UTF-8 at most. */
const bytesPerCharacterMax = 3;
const two32 = 2 ** 32;

/**
 * Where arrays are written before they are copied to a place of their own length: three times what a text has in
 * characters is mostly three times too much, and a process that takes it for every commit has everything collected,
 * because V8 does so for each 64 MB of buffers.
 */
const draft = Buffer.allocUnsafeSlow(2_000_000);

type Maybe<Value> = Value | null | undefined;

/**
 * Values as a parameter of the type `text[]`, in the form in which Postgres sends and takes arrays itself: neither side
 * has to write down or to look for the bounds of a value, which is most of the work with JSON.
 */
export function textArray(values: readonly Maybe<string>[]): Buffer {
  let bytesMax = headerBytes + values.length * lengthBytes;
  for (const value of values) if (typeof value === 'string') bytesMax += value.length * bytesPerCharacterMax;
  return written(oids.text, values, bytesMax, (array, value, at) => array.write(value, at, 'utf8'));
}

/** Bytes that are given in hexadecimal, as a parameter of the type `bytea[]`. */
export function bytesArray(values: readonly Maybe<string>[]): Buffer {
  let bytesMax = headerBytes + values.length * lengthBytes;
  for (const value of values) if (typeof value === 'string') bytesMax += value.length;
  return written(oids.bytea, values, bytesMax, (array, value, at) => array.write(value, at, 'hex'));
}

/** Numbers as a parameter of the type `bigint[]`. @throws RangeError for one that is no integer, or not safely one. */
export function bigintArray(values: readonly Maybe<number>[]): Buffer {
  return written(oids.int8, values, headerBytes + values.length * (lengthBytes + 8), (array, value, at) => {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} does not fit a bigint`);
    const high = Math.floor(value / two32);
    array.writeInt32BE(high, at);
    array.writeUInt32BE(value - high * two32, at + 4);
    return 8;
  });
}

/** `write` puts a value where it is told to and says how many bytes that took. */
function written<Value>(
  oid: number,
  values: readonly Maybe<Value>[],
  bytesMax: number,
  write: (array: Buffer, value: Value, at: number) => number,
): Buffer {
  const array = bytesMax <= draft.length ? draft : Buffer.allocUnsafe(bytesMax);
  let at = writeHeader(array, oid, values.length);
  for (const value of values) {
    const isNull = value === null || value === undefined;
    const bytes = isNull ? -1 : write(array, value, at + lengthBytes);
    array.writeInt32BE(bytes, at);
    at += lengthBytes + Math.max(0, bytes);
  }
  return array === draft ? Buffer.from(draft.subarray(0, at)) : array.subarray(0, at);
}

function writeHeader(array: Buffer, oid: number, length: number): number {
  for (const [place, word] of [1, 1, oid, length, 1].entries()) array.writeInt32BE(word, place * 4);
  return headerBytes;
}
