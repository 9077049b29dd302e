import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { type ProblemCode, problems } from '@tenon/contracts';
import type { z } from 'zod';

/** What a route answers when all is well: the schema that its answer fits, for the document and its tests. */
export const ApiAnswer = (status: number, description: string, schema: z.ZodType) =>
  ApiResponse({ status, description, standardSchema: schema });

/** Key of the metadata that lists the problem codes of a handler. */
export const problemCodesKey = 'tenon:problem-codes';

/** Codes that a route answers with, beside those that every route may (see `openapi/document.ts`). */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return (_target, _property, descriptor: PropertyDescriptor) => {
    const handler: object = descriptor.value;
    const known: readonly ProblemCode[] = Reflect.getMetadata(problemCodesKey, handler) ?? [];
    const all = [...new Set([...known, ...codes])];
    Reflect.defineMetadata(problemCodesKey, all, handler);
    applyDecorators(...byStatus(all))(_target, _property, descriptor);
  };
}

/** One documented answer per status, naming every code that it may carry. */
function byStatus(codes: readonly ProblemCode[]): MethodDecorator[] {
  const statuses = new Map<number, ProblemCode[]>();
  for (const code of codes) statuses.set(problems[code].status, [...(statuses.get(problems[code].status) ?? []), code]);
  return [...statuses].map(([status, ofStatus]) =>
    ApiResponse({ status, description: describeProblems(ofStatus) }, { overrideExisting: true }),
  );
}

/** A line of the document: `code`: title, for each code. */
export function describeProblems(codes: readonly ProblemCode[]): string {
  return codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join(' ');
}
