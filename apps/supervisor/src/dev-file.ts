import { z } from 'zod';
import { layout } from './layout.js';
import { readPrivateJson, writePrivateJson } from './private-json.js';

const devFileSchema = z.object({
  url: z.string(),
  operatorKey: z.string(),
  tenantId: z.string(),
  tenantKey: z.string(),
});

/** Where Tenon answers and the demo's keys: what scripts and curl need. */
export type DevFile = z.output<typeof devFileSchema>;

export function readDevFile(): Promise<DevFile | undefined> {
  return readPrivateJson(layout.devFile, devFileSchema);
}

export function writeDevFile(content: DevFile): Promise<void> {
  return writePrivateJson(layout.devFile, content);
}
