import type { ProblemCode } from '@tenon/contracts';
import type { z } from 'zod';

/** A body that Nest's own decorators can't describe: several media types, or bytes. */
export type RequestContent = Readonly<Record<string, z.ZodType | 'bytes'>>;

/** What our decorators know about a handler beyond what Nest's own do. */
export interface OperationNotes {
  content?: RequestContent;
  readonly problems: Set<ProblemCode>;
  /** Heeds If-Match and If-None-Match. */
  conditional?: true;
}

const notes = new Map<string, OperationNotes>();

/** The notes of a handler, by the id of its operation; decorators write them, the document reads them. */
export function notesOf(operationId: string): OperationNotes {
  const known = notes.get(operationId) ?? { problems: new Set() };
  notes.set(operationId, known);
  return known;
}

/** `FunctionsController.create` is `functionsCreate`: what a generated client calls its method. */
export function operationIdOf(controller: string, method: string): string {
  const feature = controller.replace(/Controller$/, '');
  return feature.charAt(0).toLowerCase() + feature.slice(1) + method.charAt(0).toUpperCase() + method.slice(1);
}
