import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sealer } from '@tenon/config';
import { defaultExecutionLimits, executionIdFor, type Id, newId } from '@tenon/contracts';
import { Database, type DeliveryEndpoint, type EndpointTerms, type ExecutionRecord } from '@tenon/database';
import { createLogger } from '@tenon/telemetry';
import { createTestDatabase, waitFor } from '@tenon/testing';
import { AllowedTargets, newStandardSecret, WebhookSender } from '@tenon/webhooks';
import pg from 'pg';
import { Webhook } from 'standardwebhooks';
import { Courier, type CourierParts } from '../../src/deliveries/courier.js';

export interface Arrival {
  readonly id: string;
  readonly body: { readonly type: string; readonly data: Record<string, unknown> };
  readonly status: number;
}

/** A real endpoint: what it gets is checked by the library of Standard Webhooks before it answers. */
export interface TestEndpoint {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Signatures that did not hold. */
  readonly refused: readonly string[];
  answer: (response: ServerResponse, request: IncomingMessage) => void;
  secrets: readonly string[];
  close(): void;
}

export async function startEndpoint(): Promise<TestEndpoint> {
  const arrivals: Arrival[] = [];
  const refused: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const id = String(request.headers['webhook-id']);
    for (const secret of endpoint.secrets) {
      try {
        // The clock of the test is not that of the library, so only the signature is checked.
        const signed = new Webhook(secret).sign(
          id,
          new Date(Number(request.headers['webhook-timestamp']) * 1_000),
          text,
        );
        if (!String(request.headers['webhook-signature']).split(' ').includes(signed)) refused.push(id);
      } catch (error) {
        refused.push(String(error));
      }
    }
    endpoint.answer(response, request);
    arrivals.push({ id, body: JSON.parse(text), status: response.statusCode });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint: TestEndpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    arrivals,
    refused,
    answer: (response) => response.end('ok'),
    secrets: [],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return endpoint;
}

/** A clock that only the test moves. */
export interface TestClock {
  nowMs: number;
}

export interface DeliveryWorld {
  readonly database: Database;
  readonly ownerUrl: string;
  readonly sealer: Sealer;
  readonly clock: TestClock;
  readonly logLines: readonly string[];
  readonly tenantId: Id<'tenant'>;
  /** Waits until no transaction on the server, those of other tests included, could still put something before what waits. */
  untilOrdered(): Promise<void>;
  /** Another courier on the same database, with the clock of this world. */
  courier(storage?: CourierParts['storage']): Courier;
  addEndpoint(url: string, terms?: Partial<EndpointTerms>): Promise<{ endpoint: DeliveryEndpoint; secret: string }>;
  /** Records one run per subject, in their order; each subject is an event of its own. */
  record(
    subjects: readonly string[],
    change?: {
      readonly outcome?: 'succeeded' | 'trap' /** Of an output in the storage. */;
      readonly storedAs?: string;
    },
  ): Promise<readonly Id<'execution'>[]>;
  /** Records the last runs once more, as a job does that runs twice. */
  recordAgain(): Promise<void>;
  close(): Promise<void>;
}

const nothingHeldBack = `
  SELECT NOT EXISTS (
    SELECT FROM deliveries
      WHERE status = 'pending' AND "transaction" >= (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
  ) AS ordered`;

export async function createDeliveryWorld(): Promise<DeliveryWorld> {
  const testDatabase = await createTestDatabase();
  const uses = ['app', 'recorder', 'scheduler', 'courier'] as const;
  const database = await Database.open({
    url: testDatabase.url,
    applicationName: 'delivery-test',
    uses,
    connectionsMax: 8,
  });
  const owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  const sealer = new Sealer([Buffer.alloc(32, 5)]);
  // Ahead of the clock of Postgres, by which deliveries are made: whatever is made during a test is due in it.
  const clock: TestClock = { nowMs: Date.now() + 30 * 60_000 };
  const logLines: string[] = [];
  const logger = createLogger({
    name: 'test',
    level: 'trace',
    destination: { write: (line: string) => logLines.push(line) },
  });
  const couriers: Courier[] = [];
  let last: readonly ExecutionRecord[] = [];
  const { tenantId, functionId, versionId } = await createTarget(database);
  return {
    database,
    ownerUrl: testDatabase.ownerUrl,
    sealer,
    clock,
    logLines,
    tenantId,
    untilOrdered: async () => {
      const isOrdered = async () => (await owner.query(nothingHeldBack)).rows[0]?.ordered === true;
      await waitFor('older transactions to end', isOrdered, { timeoutMs: 30_000 });
    },
    courier: (storage = { read: () => Promise.reject(new Error('this test has no storage')) }) => {
      const allowed = new AllowedTargets(['127.0.0.1']);
      const sender = new WebhookSender({ allowed, resolve: async () => [], timeoutMs: 2_000 });
      const courier = new Courier({
        database,
        storage,
        sealer,
        sender,
        logger,
        nowMs: () => clock.nowMs,
        random: () => 0.5,
      });
      couriers.push(courier);
      return courier;
    },
    addEndpoint: async (url, terms = {}) => {
      const secret = newStandardSecret();
      const id = newId('deliveryEndpoint');
      const all = {
        name: 'test',
        url,
        extensionPoints: [],
        eventTypes: [],
        outcomes: 'all',
        ordering: 'none',
        ...terms,
      } as const;
      const secrets = [sealer.seal(secret, id)];
      const endpoint = await database.asOperator((tx) => tx.deliveryEndpoints.create({ id, secrets, ...all }));
      return { endpoint, secret };
    },
    record: async (subjects, { outcome = 'succeeded', storedAs } = {}) => {
      const events = subjects.map((subject) => ({
        source: '/shop',
        sourceEventId: newId('request'),
        type: 'cart.updated',
        subject,
        data: '{}',
        origin: 'rest',
      }));
      const accepted = await database.events.insert(tenantId, events);
      const executions = accepted.map(({ id }, place) => ({
        id: executionIdFor(id, functionId, 1),
        kind: 'event' as const,
        eventId: id,
        functionId,
        functionName: 'volume-discount',
        versionId,
        extensionPoint: 'cart.discounts',
        attempt: 1,
        outcome,
        message: 'done',
        ...(outcome === 'succeeded' && storedAs === undefined ? { output: `{"place":${place},"exact":1.10}` } : {}),
        ...(storedAs === undefined ? {} : { outputPlace: 'storage' as const, outputSha256: storedAs }),
        log: 'a line that no endpoint gets',
        logBytesDropped: 0,
        instructionsUsed: 1_000,
        fuelUsed: 1_000,
        memoryBytesPeak: 65_536,
        cpuUs: 10,
        wallUs: 20,
        clockMs: 1_700_000_000_000,
        seed: '0'.repeat(64),
        startedAt: new Date(),
      }));
      last = executions;
      for (const execution of executions) await database.recorder.record(tenantId, { executions: [execution] });
      return executions.map(({ id }) => id);
    },
    recordAgain: async () => {
      await database.recorder.record(tenantId, { executions: last });
    },
    close: async () => {
      for (const courier of couriers) await courier.stop();
      await owner.end();
      await database.close();
      await testDatabase.drop();
    },
  };
}

async function createTarget(database: Database) {
  const tenant = await database.asOperator(async (tx) => {
    await tx.extensionPoints.put('cart.discounts', {
      inputSchema: { type: 'object' },
      outputSchema: { type: 'object' },
      eventTypes: ['cart.updated'],
      limits: defaultExecutionLimits,
      mode: 'async',
      failurePolicy: 'open',
    });
    return tx.tenants.create({ name: 'Tea Shop', plan: 'default' });
  });
  return { tenantId: tenant.id, functionId: newId('function'), versionId: newId('version') };
}
