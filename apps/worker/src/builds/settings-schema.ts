import {
  type BuildRejection,
  type JsonObject,
  jsonObjectSchema,
  ProblemError,
  settingsSchemaBytesMax,
  settingsSchemaSection,
} from '@tenon/contracts';
import { compileDataSchema, settingsSchemaBounds } from '@tenon/schemas';
import { customSection } from '@tenon/wasm';

/** What a module says about the settings that it wants, or why that can't be used. */
export type SettingsSchemaFound = { readonly schema: JsonObject | null } | { readonly rejection: BuildRejection };

/** Reads the JSON Schema that a module carries about its settings. */
export function settingsSchemaOf(module: Uint8Array): SettingsSchemaFound {
  const section = customSection(module, settingsSchemaSection);
  if (section === undefined) return { schema: null };
  if (section.byteLength > settingsSchemaBytesMax) {
    return refusal(`it has ${section.byteLength} bytes; at most ${settingsSchemaBytesMax} are allowed`);
  }
  const schema = parsed(section);
  if (schema === null) return refusal('it is not a JSON object in UTF-8');
  try {
    compileDataSchema(schema, '', settingsSchemaBounds);
    return { schema };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return refusal(error.errors.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('; '));
  }
}

function parsed(section: Uint8Array): JsonObject | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(section);
    const found = jsonObjectSchema.safeParse(JSON.parse(text));
    return found.success ? found.data : null;
  } catch {
    return null;
  }
}

function refusal(reason: string): SettingsSchemaFound {
  const message = `The JSON Schema of the settings can't be used: ${reason.slice(0, 500)}.`;
  return { rejection: { code: 'settings_schema', message, section: settingsSchemaSection } };
}
