import { type FieldError, type JsonObject, ProblemError, settingsBytesMax } from '@tenon/contracts';
import { canonicalJson, compileDataSchema, settingsSchemaBounds } from '@tenon/schemas';

/**
 * The text of settings as it is stored and as the guest reads it. Members are in the order of their names, so that equal
 * settings are equal texts and a run does not depend on who wrote them.
 *
 * @throws ProblemError `payload_too_large`
 */
export function settingsText(value: JsonObject): string {
  const text = canonicalJson(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= settingsBytesMax) return text;
  throw new ProblemError('payload_too_large', `Settings may have ${settingsBytesMax} bytes of JSON at most.`, [
    { pointer: '/body', message: `the settings have ${bytes} bytes` },
  ]);
}

/**
 * Settings that are missing count as an empty object: a version that demands some can't go live without.
 *
 * @param text JSON text, or null for none
 * @param base where the settings stand in the request
 * @throws ProblemError `invalid_settings`
 */
export function assertSettingsFit(schema: JsonObject | null, text: string | null, base: string): void {
  if (schema === null) return;
  const errors = faultsOf(schema, JSON.parse(text ?? '{}'), base);
  if (errors.length === 0) return;
  throw new ProblemError('invalid_settings', "The settings do not fit the version's schema; see errors.", errors);
}

function faultsOf(schema: JsonObject, value: unknown, base: string): readonly FieldError[] {
  return compileDataSchema(schema, '/settingsSchema', settingsSchemaBounds).check(value, base);
}
