import type { FieldError, JsonObject } from '@tenon/contracts';
import { subsetDoubts } from './subset.js';

/** What an extension point promises to both sides. */
export interface ContractChange {
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
}

/**
 * Why functions that live under `before` may not stand `after`; empty where they surely do.
 *
 * - They may get nothing that they could not get before: every new input was an input.
 * - What senders send stays an input, as far as they keep to what was declared; so a new optional property of an open
 *   object is no break, and one of an object that was closed to others is.
 * - What functions give stays an output.
 *
 * What can't be decided counts as a break.
 *
 * @param base where the two schemas stand in the request
 */
export function contractBreaks(before: ContractChange, after: ContractChange, base: string): readonly FieldError[] {
  const within = (name: keyof ContractChange, promise: string, doubts: ReturnType<typeof subsetDoubts>) =>
    doubts.map(({ pointer, message }) => ({ pointer: `${base}/${name}${pointer}`, message: `${promise}: ${message}` }));
  return [
    ...within(
      'inputSchema',
      'functions may get what they could not get before',
      subsetDoubts(after.inputSchema, before.inputSchema, 'any'),
    ),
    ...within(
      'inputSchema',
      'inputs that were accepted may be refused',
      subsetDoubts(before.inputSchema, after.inputSchema, 'ignored'),
    ),
    ...within(
      'outputSchema',
      'outputs that were accepted may be refused',
      subsetDoubts(before.outputSchema, after.outputSchema, 'any'),
    ),
  ];
}
