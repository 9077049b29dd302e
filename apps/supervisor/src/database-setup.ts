import { type MintedApiKey, mintApiKey } from '@tenon/contracts';
import { Database, ensureRuntimeLogin, migrate, type RuntimeLogin, urlWithLogin } from '@tenon/database';

/**
 * Migrates with the owner's login and makes the one that api and worker get.
 * @returns the URL with that login: it owns nothing and bypasses nothing.
 */
export async function prepareDatabase(
  ownerUrl: string,
  password: string,
  onMigrated: (name: string) => void,
): Promise<string> {
  await migrate({ url: ownerUrl, onApplied: onMigrated });
  const login: RuntimeLogin = { user: 'tenon_runtime', password };
  await ensureRuntimeLogin(ownerUrl, login);
  return urlWithLogin(ownerUrl, login);
}

/**
 * Makes an operator key without the api: the first one can't be asked for with a key.
 * @returns the key itself; the database keeps its hash only.
 */
export async function createOperatorKey(
  runtimeUrl: string,
  auditKeys: readonly Uint8Array[],
  name: string,
): Promise<string> {
  const database = await Database.open({
    url: runtimeUrl,
    applicationName: 'tenon-supervisor',
    auditKeys,
    connectionsMax: 1,
  });
  const minted: MintedApiKey = mintApiKey('operator');
  try {
    await database.asOperator(async (tx) => {
      const key = await tx.keys.create({ name, prefix: minted.prefix, hash: minted.hash, scopes: [] });
      await tx.audit.append({ actor: 'system', action: 'key.created', target: key.id, details: { name } });
    });
  } finally {
    await database.close();
  }
  return minted.key;
}
