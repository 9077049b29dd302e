import * as z from 'zod/mini';

/** Numeric lists arrive in jco's glue as typed arrays. */
export const typedArrays = {
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
} as const;

export type TypedArrayName = keyof typeof typedArrays;
const typedArrayNames = Object.keys(typedArrays) as [TypedArrayName, ...TypedArrayName[]];

/** A reference to another type: its index in the table, so that types that share parts stay small. */
const reference = z.int().check(z.nonnegative());

/** A type of a component's function as the glue takes it from JavaScript. */
export const componentTypeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['string', 'number', 'bigint', 'boolean', 'nothing']) }),
  z.object({ kind: z.literal('literal'), value: z.string() }),
  z.object({ kind: z.literal('numbers'), array: z.enum(typedArrayNames) }),
  z.object({ kind: z.literal('list'), of: reference }),
  z.object({ kind: z.literal('tuple'), of: z.array(reference) }),
  z.object({
    kind: z.literal('record'),
    fields: z.array(z.object({ name: z.string(), of: reference, optional: z.boolean() })),
  }),
  z.object({ kind: z.literal('union'), of: z.array(reference) }),
]);

export type ComponentType = z.infer<typeof componentTypeSchema>;

/** How a component is called: what `build` found out, so that a run parses nothing. */
export const componentEntrySchema = z.object({
  /** `text`: JSON text in and out. `typed`: JSON mapped to the function's types. `command`: `wasi:cli/run`. */
  style: z.enum(['text', 'typed', 'command']),
  /** Where the function lies in what the glue's `instantiate` returns. */
  path: z.array(z.string()).check(z.minLength(1), z.maxLength(2)),
  params: z.array(z.object({ name: z.string(), type: reference })),
  types: z.array(componentTypeSchema),
});

export type ComponentEntry = z.infer<typeof componentEntrySchema>;
