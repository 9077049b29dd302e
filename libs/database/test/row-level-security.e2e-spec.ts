import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@tenon/testing';
import pg from 'pg';

/** Prisma's book-keeping, which no group role can reach. */
const withoutTenants = new Set(['_prisma_migrations']);

/** Policies that show more than one tenant's rows, each with its reason. A new one has to be written down here. */
const acrossTenants = new Map([
  ['api_keys.authentication_notes_use', 'a key is found by its hash before its tenant is known'],
  ['api_keys.authentication_reads', 'a key is found by its hash before its tenant is known'],
  ['api_keys.operator', 'operators manage keys of all tenants'],
  ['audit_checkpoints.operator', "the operator's own chain"],
  ['audit_checkpoints.retention_moves', 'retention leaves a checkpoint in every chain'],
  ['audit_entries.erasure_of_chains', 'what a deleted tenant had; bound inside the function'],
  ['audit_entries.erasure_reads', 'what a deleted tenant had; bound inside the function'],
  ['audit_entries.identity_appends', "the operator's own chain"],
  ['audit_entries.operator_appends', "the operator's own chain"],
  ['audit_entries.operator_reads', "the operator's own chain"],
  ['audit_heads.chain_moves', 'the trigger moves every head'],
  ['audit_heads.identity_continues', "the operator's own chain"],
  ['audit_heads.operator', "the operator's own chain"],
  ['audit_heads.operator_anchors', "the operator's chain records how long the tenants' chains are"],
  ['chart_sums.roll_up_adds', 'the roll-up adds up runs of all tenants'],
  ['closed_hours.everyone_reads', 'one row that says up to when hours are added up'],
  ['closed_hours.roll_up_moves', 'one row that says up to when hours are added up'],
  ['deliveries.courier', 'the courier sends for all tenants; it reads no run'],
  ['deliveries.creation', 'made for each run by the trigger on executions, of its tenant'],
  ['deliveries.creation_meets', 'made for each run by the trigger on executions, of its tenant'],
  ['deliveries.operator', 'the operator sees where deliveries stand, not what is in them'],
  ['delivery_attempts.courier_forgets', 'the courier counts attempts and forgets old ones'],
  ['delivery_attempts.courier_records', 'the courier sends for all tenants'],
  ['delivery_attempts.operator', "what the operator's own endpoints answered"],
  ['delivery_endpoints.courier_notes', 'belongs to the operator'],
  ['delivery_endpoints.courier_reads', 'belongs to the operator'],
  ['delivery_endpoints.creation_matches', 'belongs to the operator'],
  ['delivery_endpoints.operator', 'belongs to the operator'],
  ['deployments.contract_changes_read', 'whoever breaks a contract has to know whom to tell; operators only'],
  ['event_endings.retention', 'goes by age, of all tenants'],
  ['event_endings.retention_reads', 'goes by age, of all tenants'],
  ['event_work.retention_reads', 'what is not finished does not go'],
  ['event_work.sweep', 'the relay puts events of all tenants in line; the table has no column with data'],
  ['events.deliveries_name_types', 'a delivery carries the type of the event of its run'],
  ['events.retention', 'goes by age, of all tenants'],
  ['events.retention_reads', 'goes by age, of all tenants'],
  ['execution_days.roll_up_adds', 'the roll-up adds up runs of all tenants'],
  ['execution_hours.roll_up_adds', 'the roll-up adds up runs of all tenants'],
  ['execution_minutes.roll_up_adds', 'the roll-up adds up runs of all tenants'],
  ['executions.retention', 'goes by age, of all tenants'],
  ['executions.retention_reads', 'goes by age, of all tenants'],
  ['executions.storage_use_reads', 'asks which stored inputs are needed; answers with names it was asked about'],
  ['extension_point_versions.everyone_reads', 'belongs to the operator'],
  ['extension_point_versions.operator', 'belongs to the operator'],
  ['extension_points.everyone_reads', 'belongs to the operator'],
  ['extension_points.operator', 'belongs to the operator'],
  ['functions.contract_changes_read', 'whoever breaks a contract has to know whom to tell; operators only'],
  ['idempotency_keys.fence_finds', 'a claim is found by its own random id, whatever role the transaction has'],
  ['idempotency_keys.fence_notes', 'a claim is found by its own random id, whatever role the transaction has'],
  ['idempotency_keys.forgetting', 'what is older than a day goes, whosever it was'],
  ['idempotency_keys.forgetting_finds', 'what is older than a day goes, whosever it was'],
  ['idempotency_keys.without_tenant', 'requests of operators, which are for no tenant'],
  ['invitations.identity', 'an invitation is found by its hash before its tenant is known'],
  ['invitations.operators', 'those that make an operator belong to no tenant'],
  ['live_generations.changes_move', 'the trigger moves every number'],
  ['live_generations.own_tenant_and_all', 'its own number, and the one that counts for all'],
  ['login_throttles.identity', 'people sign in before their tenant is known'],
  ['memberships.authentication_reads', 'a session says where its person belongs'],
  ['memberships.erasure_of_people', 'goes with its person; bound inside the function'],
  ['memberships.identity', 'who accepts an invitation joins its tenant'],
  ['plans.everyone_reads', 'belongs to the operator'],
  ['plans.operator', 'belongs to the operator'],
  ['plans.shares_reads', 'belongs to the operator'],
  ['point_results.retention', 'goes by age, of all tenants'],
  ['point_results.retention_reads', 'goes by age, of all tenants'],
  ['sessions.authentication_notes_use', 'a session is found by its hash before its tenant is known'],
  ['sessions.authentication_reads', 'a session is found by its hash before its tenant is known'],
  ['sessions.erasure_of_people', 'goes with its person; bound inside the function'],
  ['sessions.identity', 'a session belongs to a person, not to a tenant'],
  ['tenant_erasures.eraser', 'works off the deletions of all tenants; holds no data of theirs'],
  ['tenant_erasures.operator', 'operators delete tenants'],
  ['tenants.authentication_reads', 'a key is found by its hash before its tenant is known'],
  ['tenants.erasure', 'the tenant of the transaction, once it is marked for deletion'],
  ['tenants.erasure_finds', 'tenants that are marked for deletion'],
  ['tenants.identity', 'a session shows the names of the tenants where its person belongs'],
  ['tenants.operator', 'operators list all tenants'],
  ['usage_deltas.roll_up_takes', 'the roll-up folds usage of all tenants'],
  ['usage_hours.roll_up_adds', 'the roll-up folds usage of all tenants'],
  ['users.authentication_reads', 'a session is found by its hash before its tenant is known'],
  ['users.erasure_of_people', 'people who belong to nobody else; bound inside the function'],
  ['users.identity', 'people sign in before their tenant is known'],
  ['users.operators', 'operators list each other'],
  ['users.own_members', 'people who belong to the tenant of the transaction'],
  ['versions.contract_changes_read', 'whoever breaks a contract has to know whom to tell; operators only'],
  ['versions.storage_use_reads', 'asks which modules are needed; answers with names it was asked about'],
  ['versions.unfinished_builds', 'the sweep for lost builds; ids only'],
  ['webhook_sources.receiver_reads', 'a source is found by its id before its tenant is known'],
]);

let server: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  server = await createTestDatabase();
  client = new pg.Client({ connectionString: server.ownerUrl });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await server?.drop();
});

interface TableRow {
  readonly name: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  readonly partition: boolean;
  readonly policies: number;
}

async function tables(): Promise<readonly TableRow[]> {
  const { rows } = await client.query<TableRow>(`
    SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           c.relispartition AS partition,
           (SELECT count(*)::int FROM pg_policy AS p WHERE p.polrelid = c.oid) AS policies
      FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`);
  return rows.filter((table) => !withoutTenants.has(table.name));
}

async function withoutProtection(): Promise<readonly string[]> {
  const bare = (await tables()).filter(
    ({ enabled, forced, partition, policies }) => !enabled || !forced || (policies === 0 && !partition),
  );
  return bare.map((table) => table.name);
}

describe('every table', () => {
  test('enables and forces row-level security and has a policy', async () => {
    expect((await tables()).length).toBeGreaterThan(13);
    expect(await withoutProtection()).toEqual([]);
  });

  test('fails this check as soon as somebody adds one and forgets', async () => {
    await client.query('BEGIN');
    await client.query('CREATE TABLE forgotten (tenant_id text)');
    await client.query('CREATE TABLE half_done (tenant_id text)');
    await client.query('ALTER TABLE half_done ENABLE ROW LEVEL SECURITY');
    expect(await withoutProtection()).toEqual(['forgotten', 'half_done']);
    await client.query('ROLLBACK');
  });

  test('is bound to the tenant of the transaction by each policy that is not listed with a reason', async () => {
    const { rows } = await client.query<{ name: string; using: string | null; check: string | null }>(`
      SELECT tablename || '.' || policyname AS name, qual AS using, with_check AS check FROM pg_policies ORDER BY 1`);
    const loose = rows.filter((policy) =>
      [policy.using, policy.check].some((expression) => expression !== null && !bindsTenant(expression)),
    );
    expect(loose.map((policy) => policy.name)).toEqual([...acrossTenants.keys()]);
  });

  test('checks what is written, not only what is read', async () => {
    const { rows } = await client.query<{ name: string }>(`
      SELECT tablename || '.' || policyname AS name FROM pg_policies
        WHERE cmd IN ('ALL', 'INSERT', 'UPDATE') AND with_check IS NULL AND policyname <> 'roll_up_takes'`);
    expect(rows).toEqual([]);
  });

  test('with a column tenant_id goes when its tenant is deleted: its migration calls tenant_owns', async () => {
    const { rows } = await client.query<{ name: string }>(`
      SELECT c.relname AS name FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND a.attname = 'tenant_id' AND NOT a.attisdropped
          AND NOT (has_table_privilege('tenon_eraser', c.oid, 'DELETE')
                   AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'erasure'))`);
    expect(rows).toEqual([]);
  });

  test('cannot be altered by any group role, nor a record by any but the eraser, nor an audit entry', async () => {
    const { rows } = await client.query<{ grantee: string; table_name: string; privilege_type: string }>(`
      SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND grantee LIKE 'tenon\\_%'
          AND (privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')
               OR (table_name ~ '^(executions|usage_|audit_)' AND privilege_type IN ('UPDATE', 'DELETE')
                   AND NOT (grantee = 'tenon_eraser' AND table_name !~ '^audit_' AND privilege_type = 'DELETE')))`);
    expect(rows).toEqual([]);
  });
});

function bindsTenant(expression: string): boolean {
  const one = /^\((tenant_id|chain|id) = \( SELECT (current|erasable)_tenant_id\(\) AS \2_tenant_id\)\)$/;
  const named = /^\(chain = ANY \(\( SELECT current_tenant_ids\(\) AS current_tenant_ids\)(?:::text\[\])?\)\)$/;
  return one.test(expression) || named.test(expression);
}

describe('the recorder', () => {
  test('has no right on records but to insert, and to read back their ids', async () => {
    const { rows } = await client.query<{ right: string }>(`
      SELECT DISTINCT table_name || ' ' || privilege_type || CASE WHEN privilege_type = 'SELECT'
             THEN ' ' || column_name ELSE '' END AS right
        FROM information_schema.column_privileges
        WHERE grantee = 'tenon_recorder' AND table_name ~ '^(executions|usage|audit_entries)' ORDER BY 1`);
    expect(rows.map((row) => row.right)).toEqual([
      'audit_entries INSERT',
      'executions INSERT',
      'executions SELECT id',
      'executions SELECT tenant_id',
      'usage_deltas INSERT',
    ]);
  });
});

describe('the scheduler', () => {
  test('reads no event, and of what is left to do nothing that a sender wrote', async () => {
    const { rows } = await client.query<{ column: string }>(`
      SELECT table_name || '.' || column_name AS column FROM information_schema.column_privileges
        WHERE grantee = 'tenon_scheduler' AND table_name LIKE 'event%' ORDER BY 1`);
    expect(rows.map((row) => row.column)).toEqual([
      'event_work.changed_at',
      'event_work.id',
      'event_work.not_before',
      'event_work.priority',
      'event_work.status',
      'event_work.tenant_id',
    ]);
  });
});

describe('functions that run with the rights of the owner', () => {
  test('fix their search path and are closed to everybody who was not named', async () => {
    const { rows } = await client.query<{ name: string; path: string | null; open: boolean }>(`
      SELECT p.proname AS name, array_to_string(p.proconfig, ',') AS path,
             EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
                       WHERE a.grantee = 0) AS open
        FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef ORDER BY 1`);
    expect(rows.map((row) => row.name)).toEqual([
      'add_sums',
      'advance_audit_chain',
      'audit_prune_due',
      'audit_prunes_due',
      'authenticate_key',
      'authenticate_session',
      'close_day',
      'close_hour',
      'closed_spans',
      'create_deliveries',
      'drop_old_executions',
      'ensure_execution_partitions',
      'erasable_audit_head',
      'erase_audit_chain',
      'erase_people_of_tenant',
      'fence_idempotent_request',
      'forget_events',
      'forget_live_generation',
      'hours_of_day',
      'keep_statistics',
      'live_functions_beyond_memory',
      'live_functions_on_point',
      'live_generations_of',
      'minutes_of_hour',
      'move_live_generation',
      'next_day_to_close',
      'next_hour_to_close',
      'objects_in_use',
      'operator_prune_due',
      'prune_audit',
      'prune_operator_audit',
      'prune_tenant_audit',
      'take_usage_deltas',
      'tenant_shares',
      'webhook_source_by_id',
    ]);
    // A function may steer the planner besides.
    const path = expect.stringMatching(/^search_path=pg_catalog, pg_temp(,enable_\w+=off)*$/);
    for (const row of rows) expect(row).toMatchObject({ path, open: false });
  });
});
