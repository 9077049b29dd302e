import { z } from 'zod';
import { jsonObjectSchema } from './json.js';
import { settingsVariable } from './settings-variable.js';

/** Settings ride along with every run, so they are small. Bytes of their JSON text; 1 kB is 1,000 bytes. */
export const settingsBytesMax = 16_000;

/** The custom section in which a module may carry the JSON Schema of its settings. */
export const settingsSchemaSection = 'tenon:settings-schema';

/** A schema of settings is compiled whenever settings change. Bytes of its JSON text. */
export const settingsSchemaBytesMax = 32_000;

/** Settings: one JSON object. */
export const settingsSchema = jsonObjectSchema;

const membersSchema = z.record(z.string(), z.unknown());

/**
 * What a run's `config` holds for settings given as JSON text: the whole text under {@link settingsVariable}, and each
 * member of its own, texts as they are and everything else as JSON, for plug-ins that ask for one value by name.
 */
export function guestConfig(settings: string | null): Readonly<Record<string, string>> | undefined {
  if (settings === null) return undefined;
  const members = Object.entries(membersSchema.parse(JSON.parse(settings)));
  const texts = members.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  return { ...Object.fromEntries(texts), [settingsVariable]: settings };
}
