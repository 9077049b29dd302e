import type { JsonObject } from '@tenon/contracts';
import type { ExtensionPoint, ExtensionPointTerms } from '@tenon/database';
import { canonicalJson } from '@tenon/schemas';

/** What an operator decided about a point, for the audit log and to see whether anything changed. */
export function termsOf(point: Required<ExtensionPointTerms>): JsonObject {
  const { inputSchema, outputSchema, eventTypes, limits, mode, failurePolicy, combination, retry, recording } = point;
  return {
    inputSchema: inputSchema as JsonObject,
    outputSchema: outputSchema as JsonObject,
    eventTypes: [...eventTypes],
    limits: { ...limits },
    mode,
    failurePolicy,
    combination,
    retry: { ...retry, outcomes: [...retry.outcomes] },
    recording: { ...recording },
  };
}

/** The order of members does not count: Postgres does not keep it. */
export function sameTerms(point: ExtensionPoint, wanted: ExtensionPointTerms): boolean {
  const terms = { ...point, ...wanted };
  return canonicalJson(termsOf(point)) === canonicalJson(termsOf(terms));
}
