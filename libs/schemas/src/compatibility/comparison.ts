import type { JsonObject } from '@tenon/contracts';
import { pointerStep } from '../schema-bounds.js';
import type { Schema } from './schema-parts.js';

/** Why it is not certain that every value which fits one schema fits the other. */
export interface Doubt {
  /** Where in the schema, from its root: a JSON Pointer. */
  readonly pointer: string;
  readonly message: string;
}

/** What is being compared, and where. */
export interface Comparison {
  readonly pointer: string;
  /** The roots that references are read from. */
  readonly subRoot: JsonObject;
  readonly supRoot: JsonObject;
  /**
   * `ignored`: values hold only properties that the narrower schema declares. Whoever declares a new optional property
   * of an open object then takes nothing from senders who keep to what was declared.
   */
  readonly undeclared: 'any' | 'ignored';
  /** References followed on the way here. */
  readonly refs: number;
  /** Shared by all comparisons of one question: how many more there may be. */
  readonly budget: { left: number };
}

export type Compare = (sub: Schema, sup: Schema, at: Comparison) => readonly Doubt[];

export function below(at: Comparison, ...steps: readonly (string | number)[]): Comparison {
  return { ...at, pointer: [at.pointer, ...steps.map((step) => pointerStep(String(step)))].join('/') };
}

export function doubt(at: Comparison, message: string): readonly Doubt[] {
  return [{ pointer: at.pointer, message }];
}

export const certain: readonly Doubt[] = [];
