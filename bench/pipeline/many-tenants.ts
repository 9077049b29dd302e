import { hashApiKey, mintApiKey, scopes } from '@tenon/contracts';
import pg from 'pg';
import type { BenchStack } from './stack.ts';

const functionsPerTenant = 3;

/** Ids as they are made, with a number in the place of chance. */
const idOf = (prefix: string, number: string) => `'${prefix}_01' || lpad((${number})::text, 24, '0')`;

/**
 * Tenants with three live functions each on the point of the bench, copies of its function; written past the API, which
 * would take minutes. @returns a key of each.
 */
export async function seedTenants(stack: BenchStack, tenants: number): Promise<readonly string[]> {
  const owner = new pg.Client({ connectionString: stack.ownerUrl });
  await owner.connect();
  try {
    const keys = Array.from({ length: tenants }, () => mintApiKey('tenant'));
    const functions = tenants * functionsPerTenant;
    const tenantOf = `(n - 1) / ${functionsPerTenant}`;
    const series = `generate_series(1, ${functions}) AS n`;
    await owner.query('BEGIN');
    await owner.query(`INSERT INTO tenants (id, name, plan)
      SELECT ${idOf('tnt', 'n')}, 'Bench ' || n, 'default' FROM generate_series(0, ${tenants - 1}) AS n`);
    await owner.query(
      `INSERT INTO api_keys (id, tenant_id, name, prefix, hash, scopes)
         SELECT ${idOf('key', 'n - 1')}, ${idOf('tnt', 'n - 1')}, 'bench', k.prefix, decode(k.hash, 'hex'), $3
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k(prefix, hash, n)`,
      [keys.map(({ prefix }) => prefix), keys.map(({ key }) => hashApiKey(key).toString('hex')), [...scopes]],
    );
    await owner.query(`INSERT INTO functions (id, tenant_id, name, extension_point, position)
      SELECT ${idOf('fn', 'n')}, ${idOf('tnt', tenantOf)}, 'copy-' || n, 'cart.discounts', n % 3 FROM ${series}`);
    await owner.query(
      `INSERT INTO versions (id, tenant_id, function_id, sha256, bytes, status, report, artifact_sha256,
         artifact_bytes, engine, built_at)
       SELECT ${idOf('ver', 'n')}, ${idOf('tnt', tenantOf)}, ${idOf('fn', 'n')}, v.sha256, v.bytes, 'ready', v.report,
              v.artifact_sha256, v.artifact_bytes, v.engine, now()
         FROM ${series}, (SELECT * FROM versions WHERE tenant_id = $1 AND status = 'ready' LIMIT 1) AS v`,
      [stack.tenantId],
    );
    await owner.query(`INSERT INTO deployments (id, tenant_id, function_id, version_id, reason, by)
      SELECT ${idOf('dep', 'n')}, ${idOf('tnt', tenantOf)}, ${idOf('fn', 'n')}, ${idOf('ver', 'n')}, 'activate', 'bench'
        FROM ${series}`);
    await owner.query(`UPDATE functions SET live_deployment_id = replace(id, 'fn_', 'dep_') WHERE name LIKE 'copy-%'`);
    await owner.query('COMMIT');
    await owner.query('ANALYZE');
    return keys.map(({ key }) => key);
  } finally {
    await owner.end();
  }
}
