import { z } from 'zod';

export type JsonValue = z.core.util.JSONType;
export type JsonObject = { readonly [key: string]: JsonValue };

/**
 * Any JSON value, taken as it is. What reaches a schema was parsed from JSON text with its depth bounded, so walking
 * it again to prove that it is JSON would cost time on every event and show nothing new.
 */
export const jsonValueSchema = z.unknown() as unknown as z.ZodType<JsonValue, JsonValue>;

/** Any JSON object, taken as it is. */
export const jsonObjectSchema = z.record(z.string(), jsonValueSchema);
