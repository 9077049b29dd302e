import { ApiResponse } from '@nestjs/swagger';
import type { ProblemCode } from '@tenon/contracts';
import type { z } from 'zod';
import { notesOf, operationIdOf, type RequestContent } from './operation-notes.js';

/** What a route answers when all is well: the schema that its answer fits, for the document and its tests. */
export const ApiAnswer = (status: number, description: string, schema: z.ZodType) =>
  ApiResponse({ status, description, standardSchema: schema });

/** Problems that a route answers with, beside those that every route may. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return (target, property) => {
    const { problems } = notesOf(operationIdOf(target.constructor.name, String(property)));
    for (const code of codes) problems.add(code);
  };
}

/** Says which media types a handler reads and what each of them carries. */
export function ApiRequestContent(content: RequestContent): MethodDecorator {
  return (target, property) => {
    notesOf(operationIdOf(target.constructor.name, String(property))).content = content;
  };
}

/** Says that a handler heeds `If-Match` and `If-None-Match`; it takes them with `@CurrentPreconditions()`. */
export function ApiConditional(): MethodDecorator {
  return (target, property) => {
    const notes = notesOf(operationIdOf(target.constructor.name, String(property)));
    notes.conditional = true;
    notes.problems.add('precondition_failed');
  };
}
