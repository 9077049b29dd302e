/**
 * `npm run bench -- audit [--json] [entries]`: appends entries to a chain and batches to many chains at once, and
 * verifies the long chain: in the database, as `GET /v1/audit/verify` does, and as an export without one.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AuditSeals, appendAuditBatch, entryLine, headerLine, verifyExport } from '@tenon/audit';
import { type Id, newId } from '@tenon/contracts';
import { Database, ensureRuntimeLogin, migrate, urlWithLogin } from '@tenon/database';
import { startDevstack } from '@tenon/devstack';
import pg from 'pg';
import { cpuTimes } from '../pipeline/cpu-time.ts';
import { root } from '../pipeline/stack.ts';

const entriesDefault = 1_000_000;
const entriesPerAppend = 1_000;
const manyChains = 50;
const manyChainsRounds = 200;

interface Bench {
  readonly database: Database;
  readonly recorder: pg.Pool;
  readonly seals: AuditSeals;
  readonly postgresPort: string;
}

/** Like what a change through the API leaves: who, from where, before and after. */
function draft(place: number) {
  return {
    actor: 'key_01kaj8t5m0q4xyj3b2c1d0e9f8',
    action: 'function.activated',
    target: `fn_${place}`,
    requestId: `req_${place}`,
    details: {
      function: 'volume-discount',
      before: { version: 'ver_01kaj8t5m0q4xyj3b2c1d0e9f8' },
      after: { version: 'ver_01kaj8t5m0q4xyj3b2c1d0e9f9' },
      from: { address: '203.0.113.9', userAgent: 'curl/8.5.0' },
    },
  };
}

async function append(bench: Bench, chains: readonly string[], first: number, drafts: number): Promise<void> {
  const client = await bench.recorder.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.tenant_ids', $1, true)", [chains.join(',')]);
    const query = async (text: string, values: readonly unknown[]) => (await client.query(text, [...values])).rows;
    const appends = chains.map((chain) => ({
      chain,
      drafts: Array.from({ length: drafts }, (_, place) => draft(first + place)),
    }));
    await appendAuditBatch({ query }, appends, { seals: bench.seals });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

async function postgresCpuMs({ postgresPort }: Bench): Promise<number> {
  const times = await cpuTimes({ api: 0, worker: 0, postgresPort, redisPort: '0' });
  return times.postgres ?? 0;
}

/** CPU microseconds per entry of this process and of Postgres, and entries per second, while `work` appends `entries`. */
async function measureAppend(bench: Bench, entries: number, work: () => Promise<void>) {
  const [postgresBefore, nodeBefore, startMs] = [await postgresCpuMs(bench), process.cpuUsage(), performance.now()];
  await work();
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(nodeBefore);
  const postgresMs = (await postgresCpuMs(bench)) - postgresBefore;
  return {
    per_s: Math.round(entries / seconds),
    node_us: Math.round((user + system) / entries),
    postgres_us: Math.round((postgresMs * 1_000) / entries),
  };
}

async function* exportOf(bench: Bench, tenantId: Id<'tenant'>): AsyncGenerator<Uint8Array> {
  const { header, pieces } = await bench.database.auditTrail.export(tenantId);
  yield Buffer.from(headerLine(header));
  for await (const records of pieces) yield Buffer.from(records.map(entryLine).join(''));
}

async function measure(bench: Bench, entries: number) {
  const tenantId = newId('tenant');
  const long = await measureAppend(bench, entries, async () => {
    for (let first = 0; first < entries; first += entriesPerAppend) {
      await append(bench, [tenantId], first, Math.min(entriesPerAppend, entries - first));
    }
  });
  const chains = Array.from({ length: manyChains }, () => newId('tenant'));
  const many = await measureAppend(bench, manyChains * manyChainsRounds, async () => {
    for (let round = 0; round < manyChainsRounds; round += 1) await append(bench, chains, round, 1);
  });
  const startMs = performance.now();
  const nodeBefore = process.cpuUsage();
  const verified = await bench.database.auditTrail.verify(tenantId);
  const verifySeconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(nodeBefore);
  const offlineStartMs = performance.now();
  const offline = await verifyExport(exportOf(bench, tenantId), { seals: bench.seals });
  const offlineSeconds = (performance.now() - offlineStartMs) / 1_000;
  if (!verified.intact || verified.entries !== entries || !offline.intact) throw new Error('the chain does not verify');
  return {
    entries,
    verify_s: Number(verifySeconds.toFixed(2)),
    verify_per_s: Math.round(entries / verifySeconds),
    verify_node_us: Number(((user + system) / entries).toFixed(1)),
    export_and_verify_offline_per_s: Math.round(entries / offlineSeconds),
    append_per_s: long.per_s,
    append_node_us: long.node_us,
    append_postgres_us: long.postgres_us,
    append_many_chains_per_s: many.per_s,
    append_many_chains_node_us: many.node_us,
    append_many_chains_postgres_us: many.postgres_us,
  };
}

async function main(args: readonly string[]): Promise<void> {
  const entries = Number(args.find((arg) => /^\d+$/.test(arg)) ?? entriesDefault);
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-bench-'));
  const servers = await startDevstack({ folder, redisBinaryFolder: path.join(root, '.tenon/redis/server') });
  try {
    const login = { user: 'tenon_runtime', password: randomBytes(16).toString('hex') };
    await migrate({ url: servers.postgres.url });
    await ensureRuntimeLogin(servers.postgres.url, login);
    const url = urlWithLogin(servers.postgres.url, login);
    const auditKeys = [randomBytes(32)];
    const database = await Database.open({ url, applicationName: 'tenon-bench', auditKeys });
    const recorder = new pg.Pool({ connectionString: url, options: '-c role=tenon_recorder', max: 1 });
    const postgresPort = new URL(servers.postgres.url).port;
    const result = await measure({ database, recorder, seals: new AuditSeals(auditKeys), postgresPort }, entries);
    console.log(args.includes('--json') ? JSON.stringify(result) : result);
    await Promise.all([recorder.end(), database.close()]);
  } finally {
    await servers.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
