import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { layout } from './layout.js';
import { readPrivateJson, writePrivateJson } from './private-json.js';

const secretsSchema = z.object({
  /** Seals what the database keeps secret: losing it loses those. */
  secretKey: z.string().min(1),
  /** Between api and worker. */
  internalToken: z.string().min(32),
  /** Of the login that api and worker use on the database. */
  runtimePassword: z.string().min(16),
});

export type Secrets = z.output<typeof secretsSchema>;

/** The secrets of this checkout, drawn at the first start. */
export async function keepSecrets(): Promise<Secrets> {
  const kept = await readPrivateJson(layout.secretsFile, secretsSchema);
  if (kept !== undefined) return kept;
  const drawn: Secrets = {
    secretKey: randomBytes(32).toString('base64'),
    internalToken: randomBytes(32).toString('base64url'),
    runtimePassword: randomBytes(24).toString('base64url'),
  };
  await writePrivateJson(layout.secretsFile, drawn);
  return drawn;
}
