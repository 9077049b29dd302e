import { createHash, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { type Id, newId } from '@tenon/contracts';
import type { Database, ExecutionRecord, NewEvent, Page, TenantTransaction } from '@tenon/database';
import { executionOf, pointTerms, randomHex, readyBuild, type TenantWorld } from './fixture.js';

export interface Victim extends TenantWorld {
  readonly event: NewEvent;
  readonly eventId: Id<'event'>;
  readonly heldEventId: Id<'event'>;
  readonly execution: ExecutionRecord;
  readonly keyId: Id<'key'>;
  readonly userId: Id<'user'>;
  readonly invitationId: Id<'invitation'>;
  readonly webhookSourceId: Id<'webhookSource'>;
  readonly settingsId: Id<'settings'>;
  readonly buildingVersionId: Id<'version'>;
}

interface Scene {
  readonly database: Database;
  readonly attacker: TenantWorld;
  readonly victim: Victim;
}

export type Attempt = (scene: Scene) => Promise<void>;

/** Works in the attacker's own transaction with the victim's ids. */
function inTransaction(work: (tx: TenantTransaction, victim: Victim) => Promise<void>): Attempt {
  return ({ database, attacker, victim }) => database.withTenant(attacker.tenantId, (tx) => work(tx, victim));
}

function expectOnlyOwn(page: Page<{ readonly id: string }>, victimId: string): void {
  expect(page.items.map((item) => item.id)).not.toContain(victimId);
}

const page = { limit: 100 };
const idempotentRequest = {
  id: createHash('sha256').update('victim').digest(),
  request: createHash('sha256').update('POST /v1/functions').digest(),
  body: null,
  claim: randomUUID(),
  leaseMs: 60_000,
  keptMs: 60_000,
};
const everBefore = new Date(0);
const everAfter = new Date('2100-01-01');

/** Where one tenant's question is not the point, the reason stands instead of an attempt. */
export const attackerCannot: Readonly<Record<string, Attempt | string>> = {
  'tenant.read': inTransaction(async (tx, victim) => {
    expect((await tx.tenant.read())?.id).not.toBe(victim.tenantId);
  }),
  'keys.create': async ({ database, attacker, victim }) => {
    const key = { name: 'mine', prefix: 'tnk_m', hash: Buffer.from(randomHex(), 'hex'), scopes: [] };
    const created = await database.withTenant(attacker.tenantId, (tx) => tx.keys.create(key));
    expect(created.tenantId).not.toBe(victim.tenantId);
  },
  'keys.find': inTransaction(async (tx, victim) => expect(await tx.keys.find(victim.keyId)).toBeNull()),
  'keys.list': inTransaction(async (tx, victim) => expectOnlyOwn(await tx.keys.list(page), victim.keyId)),
  'keys.revoke': inTransaction(async (tx, victim) => expect(await tx.keys.revoke(victim.keyId)).toBe(false)),
  'keys.retire': inTransaction(async (tx, victim) => {
    expect(await tx.keys.retire(victim.keyId, newId('key'), everAfter)).toBe(false);
  }),
  'members.list': inTransaction(async (tx, victim) => {
    expect((await tx.members.list(page)).items.map((member) => member.userId)).not.toContain(victim.userId);
  }),
  'members.find': inTransaction(async (tx, victim) => expect(await tx.members.find(victim.userId)).toBeNull()),
  'members.lockOwners': inTransaction(async (tx) => expect(await tx.members.lockOwners()).toBe(0)),
  'members.setRole': inTransaction(async (tx, victim) => {
    expect(await tx.members.setRole(victim.userId, 'viewer')).toBe(false);
  }),
  'members.remove': inTransaction(async (tx, victim) => expect(await tx.members.remove(victim.userId)).toBe(false)),
  'invitations.create': inTransaction(async (tx, victim) => {
    const invitation = { email: 'm@example.com', role: 'owner', invitedBy: 'key_m', expiresAt: everAfter } as const;
    const created = await tx.invitations.create({ ...invitation, tokenHash: Buffer.from(randomHex(), 'hex') });
    expect(created.tenantId).not.toBe(victim.tenantId);
  }),
  'invitations.find': inTransaction(async (tx, victim) => {
    expect(await tx.invitations.find(victim.invitationId)).toBeNull();
  }),
  'invitations.list': inTransaction(async (tx, victim) => {
    expectOnlyOwn(await tx.invitations.list(page), victim.invitationId);
  }),
  'invitations.countOpen': inTransaction(async (tx) => {
    expect(await tx.invitations.countOpen()).toBe((await tx.invitations.list(page)).items.length);
  }),
  'invitations.revoke': inTransaction(async (tx, victim) => {
    expect(await tx.invitations.revoke(victim.invitationId)).toBe(false);
  }),
  'extensionPoints.find': 'belongs to the operator; every tenant may read it',
  'extensionPoints.fedBy': 'belongs to the operator; every tenant may read it',
  'extensionPoints.list': 'belongs to the operator; every tenant may read it',
  'functions.create': inTransaction(async (tx, victim) => {
    const { name, extensionPoint } = { name: 'same-name', extensionPoint: 'cart.discounts' };
    expect((await tx.functions.create({ name, extensionPoint })).id).not.toBe(victim.functionId);
  }),
  'functions.findByName': inTransaction(async (tx, victim) => {
    expect((await tx.functions.findByName(victim.functionName))?.id).not.toBe(victim.functionId);
  }),
  'functions.list': inTransaction(async (tx, victim) =>
    expectOnlyOwn(await tx.functions.list(page), victim.functionId),
  ),
  'functions.count': inTransaction(async (tx) => {
    expect(await tx.functions.count()).toBe((await tx.functions.list(page)).items.length);
  }),
  'functions.onPoint': inTransaction(async (tx, victim) => {
    const found = await tx.functions.onPoint('cart.discounts', 100);
    expect(found.map(({ id }) => id)).not.toContain(victim.functionId);
  }),
  'functions.order': inTransaction(async (tx, victim) => tx.functions.order([victim.functionId])),
  'functions.pause': inTransaction(async (tx, victim) => {
    expect(await tx.functions.pause(victim.functionId, new Date())).toBe(false);
  }),
  'functions.closeCircuit': inTransaction(async (tx, victim) => {
    expect(await tx.functions.closeCircuit(victim.functionId)).toBe(false);
  }),
  'functions.archive': inTransaction(async (tx, victim) => {
    expect(await tx.functions.archive(victim.functionId)).toBe(false);
  }),
  'settings.add': async ({ database, attacker, victim }) => {
    const wanted = { functionId: victim.functionId, value: '{}', by: 'key_m' };
    const added = database.withTenant(attacker.tenantId, (tx) => tx.settings.add(wanted));
    await expect(added).rejects.toMatchObject({ code: 'P2003' });
  },
  'settings.find': inTransaction(async (tx, victim) => expect(await tx.settings.find(victim.settingsId)).toBeNull()),
  'settings.current': inTransaction(async (tx, victim) => {
    expect(await tx.settings.current(victim.functionId)).toBeNull();
  }),
  'versions.holdObject': 'a lock on the name of an object, which may be shared; shows and changes nothing',
  'versions.setSettingsSchema': inTransaction(async (tx, victim) => {
    expect(await tx.versions.setSettingsSchema(victim.versionId, {})).toBe(false);
  }),
  'versions.archive': inTransaction(async (tx, victim) => {
    expect(await tx.versions.archive(victim.buildingVersionId)).toBe(false);
  }),
  'storageUse.unused': 'across tenants, for the worker alone: answers with names that it was asked about',
  'storageUse.removeUnused': 'across tenants, for the worker alone: says whether anything needs an object',
  'versions.create': async ({ database, attacker, victim }) => {
    const upload = { functionId: victim.functionId, sha256: randomHex(), bytes: 1 };
    const created = database.withTenant(attacker.tenantId, (tx) => tx.versions.create(upload));
    await expect(created).rejects.toMatchObject({ code: 'P2003' });
  },
  'versions.find': inTransaction(async (tx, victim) => expect(await tx.versions.find(victim.versionId)).toBeNull()),
  'versions.findOf': inTransaction(async (tx, victim) => {
    expect(await tx.versions.findOf(victim.functionId, victim.versionId)).toBeNull();
  }),
  'versions.list': inTransaction(async (tx, victim) => {
    expect((await tx.versions.list(victim.functionId, page)).items).toEqual([]);
  }),
  'versions.findBuilt': async ({ database, attacker, victim }) => {
    const { tenantId, versionId } = victim;
    const built = await database.withTenant(tenantId, (tx) => tx.versions.find(versionId));
    const sha256 = built?.sha256 ?? '';
    const engine = built?.engine ?? '';
    await database.withTenant(attacker.tenantId, async (tx) => {
      expect(await tx.versions.findBuilt(sha256, engine)).toBeNull();
    });
    expect(await database.withTenant(tenantId, (tx) => tx.versions.findBuilt(sha256, engine))).toEqual(built);
  },
  'versions.startBuild': inTransaction(async (tx, victim) => {
    expect(await tx.versions.startBuild(victim.buildingVersionId)).toBeNull();
  }),
  'versions.finishBuild': inTransaction(async (tx, victim) => {
    expect(await tx.versions.finishBuild(victim.buildingVersionId, readyBuild())).toBe(false);
  }),
  'versions.replaceArtifact': inTransaction(async (tx, victim) => {
    expect(await tx.versions.replaceArtifact(victim.versionId, { ...readyBuild(), engine: 'other' })).toBe(false);
  }),
  'courier.openEndpoints': 'works for all tenants, with ids only; its role reads no run',
  'courier.claim': 'works for all tenants, with ids only; its role reads no run',
  'courier.record': 'works for all tenants, with ids only; its role reads no run',
  'courier.forget': 'housekeeping over all tenants that returns a number',
  'deployments.activate': async ({ database, attacker, victim }) => {
    const { tenantId, functionId } = attacker;
    const notFound = { code: 'not_found' };
    const theirs = database.withTenant(tenantId, (tx) =>
      tx.deployments.activate(victim.functionId, victim.versionId, 'key_m'),
    );
    await expect(theirs).rejects.toMatchObject(notFound);
    const mixed = database.withTenant(tenantId, (tx) => tx.deployments.activate(functionId, victim.versionId, 'key_m'));
    await expect(mixed).rejects.toMatchObject(notFound);
  },
  'deployments.applySettings': async ({ database, attacker, victim }) => {
    const { functionId, settingsId } = victim;
    const tried = database.withTenant(attacker.tenantId, (tx) =>
      tx.deployments.applySettings(functionId, settingsId, 'key_m'),
    );
    await expect(tried).rejects.toMatchObject({ code: 'not_found' });
  },
  'deployments.live': inTransaction(async (tx, victim) => {
    expect(await tx.deployments.live(victim.functionId)).toBeNull();
  }),
  'deployments.rollback': async ({ database, attacker, victim }) => {
    const tried = database.withTenant(attacker.tenantId, (tx) => tx.deployments.rollback(victim.functionId, 'key_m'));
    await expect(tried).rejects.toMatchObject({ code: 'not_found' });
  },
  'deployments.list': inTransaction(async (tx, victim) => {
    expect((await tx.deployments.list(victim.functionId, page)).items).toEqual([]);
  }),
  'webhookSources.create': async ({ database, attacker, victim }) => {
    const source = { name: 'x', scheme: 'standard', mapping: { types: {} }, secrets: [Buffer.from('s')] } as const;
    const taken = { ...source, id: victim.webhookSourceId };
    const created = database.withTenant(attacker.tenantId, (tx) => tx.webhookSources.create(taken));
    await expect(created).rejects.toMatchObject({ code: 'P2002' });
  },
  'webhookSources.find': inTransaction(async (tx, victim) => {
    expect(await tx.webhookSources.find(victim.webhookSourceId)).toBeNull();
  }),
  'webhookSources.list': inTransaction(async (tx, victim) => {
    expectOnlyOwn(await tx.webhookSources.list(page), victim.webhookSourceId);
  }),
  'webhookSources.update': inTransaction(async (tx, victim) => {
    const terms = { name: 'mine', mapping: { types: {} } };
    expect(await tx.webhookSources.update(victim.webhookSourceId, terms)).toBe(false);
  }),
  'webhookSources.setSecrets': inTransaction(async (tx, victim) => {
    expect(await tx.webhookSources.setSecrets(victim.webhookSourceId, [Buffer.from('mine')])).toBe(false);
  }),
  'webhookSources.delete': inTransaction(async (tx, victim) => {
    expect(await tx.webhookSources.delete(victim.webhookSourceId)).toBe(false);
  }),
  'audit.append': inTransaction(async (tx, victim) => {
    const [entry] = await tx.audit.append({ actor: 'key_m', action: 'test.tried', target: victim.tenantId });
    expect(entry?.chain).not.toBe(victim.tenantId);
  }),
  'audit.list': inTransaction(async (tx, victim) => {
    for (const entry of (await tx.audit.list(page)).items) expect(entry.chain).not.toBe(victim.tenantId);
  }),
  'auditTrail.verify': async ({ database, attacker }) => {
    const { items } = await database.withTenant(attacker.tenantId, (tx) => tx.audit.list(page));
    expect((await database.auditTrail.verify(attacker.tenantId)).entries).toBe(items.length);
  },
  'auditTrail.verifyOperator': "the operator's own chain; answers with a count",
  'auditTrail.export': async ({ database, attacker }) => {
    const { header, pieces } = await database.auditTrail.export(attacker.tenantId);
    expect(header.chain).toBe(attacker.tenantId);
    for await (const piece of pieces) for (const entry of piece) expect(entry.chain).toBe(attacker.tenantId);
  },
  'auditTrail.exportOperator': "the operator's own chain",
  'auditTrail.anchor': "records lengths and hashes of chains in the operator's own",
  'auditTrail.pruneOperator': "the operator's own chain",
  'authentication.keyByHash': 'asked before the tenant is known; answers for one exact hash',
  'authentication.sessionByHash': 'asked before the tenant is known; answers for one exact hash',
  'authentication.webhookSource': 'asked before the tenant is known; answers for one exact id',
  'erasure.due': 'tenants that are marked for deletion, with ids only',
  'erasure.eraseSome': async ({ database, victim }) => {
    expect(await database.erasure.eraseSome(victim.tenantId, 1_000)).toEqual({ rows: 0, done: true });
  },
  'tenantExport.read': async ({ database, attacker, victim }) => {
    // The attacker's own rows may name the victim, as an entry of the audit log does; whose rows they are, counts.
    const owners = (row: Record<string, unknown>) =>
      row.tenant_id ??
      row.chain ??
      (row.id === victim.userId || row.id === victim.tenantId ? row.id : attacker.tenantId);
    let part = await database.tenantExport.read(attacker.tenantId);
    for (let reads = 0; part !== null && reads < 100; reads += 1) {
      for (const row of part.rows) expect(owners(JSON.parse(row))).toBe(attacker.tenantId);
      part = part.next === undefined ? null : await database.tenantExport.read(attacker.tenantId, part.next);
    }
    expect(part).toBeNull();
  },
  'events.insert': async ({ database, attacker, victim }) => {
    const [accepted] = await database.events.insert(attacker.tenantId, [victim.event]);
    expect(accepted).toMatchObject({ duplicate: false });
    expect(accepted?.id).not.toBe(victim.eventId);
  },
  'events.load': async ({ database, attacker, victim }) => {
    expect(await database.events.load(attacker.tenantId, [victim.eventId])).toEqual([]);
  },
  'events.list': async ({ database, attacker, victim }) => {
    for (const status of [undefined, 'held', 'ready', 'done'] as const) {
      expectOnlyOwn(await database.events.list(attacker.tenantId, { ...page, status }), victim.heldEventId);
      expectOnlyOwn(await database.events.list(attacker.tenantId, { ...page, status }), victim.eventId);
    }
  },
  'events.results': async ({ database, attacker, victim }) => {
    expect(await database.events.results(attacker.tenantId, victim.eventId)).toEqual([]);
  },
  'eventWork.load': async ({ database, attacker, victim }) => {
    expect((await database.eventWork.load(attacker.tenantId, [victim.eventId])).events).toEqual([]);
  },
  'eventWork.release': async ({ database, attacker, victim }) => {
    expect(await database.eventWork.release(attacker.tenantId, { ids: [victim.heldEventId] })).toEqual([]);
    const all = { filter: {}, limit: 1_000 };
    const released = await database.eventWork.release(attacker.tenantId, all);
    expect(released.map(({ id }) => id)).not.toContain(victim.heldEventId);
  },
  'eventWork.revive': async ({ database, attacker, victim }) => {
    expect(await database.eventWork.revive(attacker.tenantId, { ids: [victim.eventId, victim.heldEventId] })).toEqual(
      [],
    );
  },
  'eventWork.discard': async ({ database, attacker, victim }) => {
    expect(await database.eventWork.discard(attacker.tenantId, { ids: [victim.eventId, victim.heldEventId] })).toBe(0);
  },
  'eventWork.cancel': async ({ database, attacker, victim }) => {
    expect(await database.eventWork.cancel(attacker.tenantId, [victim.eventId, victim.heldEventId])).toEqual([]);
  },
  'breakers.open': async ({ database, attacker, victim }) => {
    const opening = {
      functionId: victim.functionId,
      versionId: victim.versionId,
      reason: 'x',
      isAgain: false,
      pauseMs: 1,
      pauseMsMax: 1,
    };
    await expect(database.breakers.open(attacker.tenantId, opening)).rejects.toMatchObject({ code: '23503' });
  },
  'breakers.claimProbe': async ({ database, attacker, victim }) => {
    expect(await database.breakers.claimProbe(attacker.tenantId, victim.functionId, 1)).toBe(false);
  },
  'breakers.close': async ({ database, attacker, victim }) => {
    expect(await database.breakers.close(attacker.tenantId, victim.functionId)).toBe(false);
  },
  'executions.find': async ({ database, attacker, victim }) => {
    expect(await database.executions.find(attacker.tenantId, victim.execution.id)).toBeNull();
  },
  'executions.list': async ({ database, attacker, victim }) => {
    const filters = [
      {},
      { functionName: victim.functionName },
      { eventId: victim.eventId },
      { versionId: victim.versionId },
    ];
    for (const filter of filters) {
      expectOnlyOwn(await database.executions.list(attacker.tenantId, { ...page, ...filter }), victim.execution.id);
    }
  },
  'quota.read': async ({ database, attacker }) => {
    const own = await database.usage.perFunction(attacker.tenantId, everBefore, everAfter);
    const executions = own.reduce((sum, usage) => sum + usage.executions, 0);
    expect(await database.quota.read(attacker.tenantId, everBefore)).toMatchObject({ executions });
  },
  'quota.storedBytes': async ({ database, attacker }) => {
    const versions = await database.withTenant(attacker.tenantId, (tx) => tx.versions.list(attacker.functionId, page));
    const modules = versions.items.reduce((sum, { bytes }) => sum + bytes, 0);
    const artifacts = versions.items.reduce((sum, { artifactBytes }) => sum + (artifactBytes ?? 0), 0);
    expect(await database.quota.storedBytes(attacker.tenantId)).toBeLessThanOrEqual(modules + artifacts);
  },
  'quota.heldEvents': async ({ database, attacker }) => {
    expect(await database.quota.heldEvents(attacker.tenantId, 100)).toBe(0);
  },
  'quota.releaseOldest': async ({ database, attacker, victim }) => {
    const released = await database.quota.releaseOldest(attacker.tenantId, 100);
    expect(released.map(({ id }) => id)).not.toContain(victim.heldEventId);
    const [event] = await database.events.load(victim.tenantId, [victim.heldEventId]);
    expect(event?.status).toBe('held');
  },
  'quota.tenantsWithHeldEvents': 'works for all tenants, with their ids only; its role reads no data',
  'quota.tenantLimits': 'works for all tenants, with what their plans say; its role reads no data',
  'executionFeed.end': async ({ database, attacker, victim }) => {
    const [own, other] = [
      await database.executionFeed.end(attacker.tenantId),
      await database.executionFeed.end(victim.tenantId),
    ];
    expect(own).not.toEqual(other);
  },
  'executionFeed.read': async ({ database, attacker, victim }) => {
    const { executions } = await database.executionFeed.read(
      attacker.tenantId,
      { seq: 0, runs: 0 },
      { entriesMax: 1_000, runsMax: 1_000 },
    );
    expect(executions.map((run) => run.id)).not.toContain(victim.execution.id);
  },
  'executionFeed.list': async ({ database, attacker, victim }) => {
    const bounds = { entriesMax: 1_000, runsMax: 1_000 };
    const { runs } = await database.executionFeed.list(attacker.tenantId, { seq: 0, runs: 0 }, bounds);
    expect(runs.map((run) => run.id)).not.toContain(victim.execution.id);
  },
  'executionFeed.find': async ({ database, attacker, victim }) => {
    const listed = [{ id: victim.execution.id, place: { seq: 1, runs: 1 } }];
    expect(await database.executionFeed.find(victim.tenantId, listed, true)).toHaveLength(1);
    expect(await database.executionFeed.find(attacker.tenantId, listed, true)).toEqual([]);
  },
  'executionFeed.count': async ({ database, attacker, victim }) => {
    const [start, end] = [
      { seq: 0, runs: 0 },
      { seq: 1_000, runs: 0 },
    ];
    const own = await database.executionFeed.count(attacker.tenantId, start, end, 1_000);
    expect(own).toBeLessThan((await database.executionFeed.count(victim.tenantId, start, end, 1_000)) ?? 0);
  },
  'statistics.read': async ({ database, attacker, victim }) => {
    const minute = 60_000;
    const from = new Date(Math.floor(Date.now() / minute) * minute - 60 * minute);
    const to = new Date(from.getTime() + 120 * minute);
    const asked = { filter: { versionId: victim.versionId }, from, to, bucketSeconds: 60, functionsMax: 20 };
    expect(await database.statistics.read(attacker.tenantId, asked)).toEqual([]);
    expect(await database.statistics.read(victim.tenantId, asked)).not.toEqual([]);
  },
  'statistics.functionNames': async ({ database, attacker, victim }) => {
    const ids = [attacker.functionId, victim.functionId];
    expect([...(await database.statistics.functionNames(attacker.tenantId, ids)).keys()]).toEqual([
      attacker.functionId,
    ]);
  },
  'usage.perFunction': async ({ database, attacker, victim }) => {
    const used = await database.usage.perFunction(attacker.tenantId, everBefore, everAfter);
    expect(used.map((usage) => usage.functionId)).not.toContain(victim.functionId);
  },
  'liveFunctions.byEventTypes': async ({ database, attacker, victim }) => {
    const found = await database.liveFunctions.byEventTypes(attacker.tenantId, pointTerms.eventTypes);
    expect(found.map((live) => live.versionId)).toEqual([attacker.versionId]);
    expect(attacker.versionId).not.toBe(victim.versionId);
  },
  'liveFunctions.byPoint': async ({ database, attacker }) => {
    const found = await database.liveFunctions.byPoint(attacker.tenantId, 'cart.discounts');
    expect(found.map((live) => live.versionId)).toEqual([attacker.versionId]);
  },
  'liveFunctions.point': async ({ database, attacker }) => {
    // Points are the operator's and the same for every tenant; nothing of a tenant is in them.
    const found = await database.liveFunctions.point(attacker.tenantId, 'cart.discounts');
    expect(JSON.stringify(found)).not.toContain('tnt_');
  },
  'liveFunctions.generations': async ({ database, attacker, victim }) => {
    // Whoever asks for a victim learns a number that says nothing but that something changed.
    const found = await database.liveFunctions.generations([attacker.tenantId, victim.tenantId]);
    for (const generation of found.values()) expect(generation).toMatch(/^[\d.]+$/);
  },
  'liveFunctions.byVersion': async ({ database, attacker, victim }) => {
    expect(await database.liveFunctions.byVersion(attacker.tenantId, victim.versionId)).toBeNull();
  },
  'idempotency.claim': async ({ database, attacker, victim }) => {
    await database.idempotency.claim({ tenantId: victim.tenantId, actor: 'key_v' }, idempotentRequest);
    // The id is a hash over the tenant, so only a forged one meets another's row; it is neither shown nor changed.
    const forged = { ...idempotentRequest, claim: randomUUID() };
    const scope = { tenantId: attacker.tenantId, actor: 'key_m' };
    expect((await database.idempotency.claim(scope, forged))?.claim).toBe(forged.claim);
  },
  'idempotency.complete': async ({ database, attacker, victim }) => {
    const kept = { status: 200, headers: {}, answer: null };
    await database.idempotency.complete(
      { tenantId: attacker.tenantId, actor: 'key_m' },
      idempotentRequest.claim,
      kept,
      null,
    );
    const again = { ...idempotentRequest, claim: randomUUID() };
    const found = await database.idempotency.claim({ tenantId: victim.tenantId, actor: 'key_v' }, again);
    expect(found?.kept).toBeUndefined();
  },
  'idempotency.release': async ({ database, attacker, victim }) => {
    await database.idempotency.release({ tenantId: attacker.tenantId, actor: 'key_m' }, idempotentRequest.claim);
    expect(await database.idempotency.count({ tenantId: victim.tenantId, actor: 'key_v' })).toBe(1);
  },
  'idempotency.count': async ({ database, attacker }) => {
    expect(await database.idempotency.count({ tenantId: attacker.tenantId, actor: 'key_v' })).toBe(0);
  },
  'idempotency.forget': 'removes what is older than a day, for all tenants; returns a number',
  'recorder.record': async ({ database, attacker, victim }) => {
    // The same ids as the victim's: the attacker gets rows of its own and ticks none of the victim's events off.
    const executions = [executionOf(attacker, victim.eventId, { id: victim.execution.id })];
    const doneEvents = [{ id: victim.eventId }, { id: victim.heldEventId }];
    await database.recorder.record(attacker.tenantId, { executions, doneEvents });
    const kept = await database.executions.find(victim.tenantId, victim.execution.id);
    expect(kept?.functionId).toBe(victim.functionId);
  },
  'recorder.recordTogether': async ({ database, attacker, victim }) => {
    // Named in one commit with the victim's own batch: each row still belongs to the tenant that it was given for.
    const doneEvents = [{ id: victim.eventId }, { id: victim.heldEventId }];
    const execution = executionOf(attacker, victim.eventId, { id: victim.execution.id });
    await database.recorder.recordTogether([
      { tenantId: attacker.tenantId, batch: { executions: [execution], doneEvents } },
      { tenantId: victim.tenantId, batch: { executions: [] } },
    ]);
    const kept = await database.executions.find(victim.tenantId, victim.execution.id);
    expect(kept?.functionId).toBe(victim.functionId);
  },
  'outbox.readyAfter': 'works for all tenants, with ids only; its role reads no data',
  'outbox.newestReady': 'works for all tenants, with ids only; its role reads no data',
  'outbox.stillReady': 'works for all tenants, with ids only; its role reads no data',
  'outbox.unfinishedBuilds': 'works for all tenants, with ids only; its role reads no data',
  'maintenance.closeDay': 'housekeeping over all tenants that returns no data',
  'maintenance.closeHour': 'housekeeping over all tenants that returns no data',
  'maintenance.keepStatistics': 'housekeeping over all tenants that returns a number',
  'maintenance.dropOldExecutions': 'housekeeping over all tenants that returns a number',
  'maintenance.forgetEvents': 'housekeeping over all tenants that returns a number',
  'maintenance.rollUpUsage': 'housekeeping over all tenants that returns a number',
  'maintenance.pruneAudit': 'housekeeping over all tenants that returns a number',
  'maintenance.ensureExecutionPartitions': 'housekeeping over all tenants that returns a number',
};
