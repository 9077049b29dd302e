import { Inject, Injectable } from '@nestjs/common';
import { type FunctionSettingsAnswer, type JsonObject, jsonObjectSchema, type PutSettingsBody } from '@tenon/contracts';
import type { Database, FunctionSettings, TenantFunction, TenantTransaction } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { timeOrNull } from '../http/answer-parts.js';
import type { TenantCaller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';
import { findFunction } from './functions.service.js';
import { assertSettingsFit, settingsText } from './settings-check.js';

/** What a function is told beside its input. */
@Injectable()
export class SettingsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  get(caller: TenantCaller, name: string): Promise<FunctionSettingsAnswer> {
    return this.database.withTenant(caller.tenantId, async (tx) => readSettings(tx, await findFunction(tx, name)));
  }

  /**
   * Where a version is live it goes on with the new settings, as a deployment of its own; the settings that are there
   * already are no change.
   *
   * @throws ProblemError `invalid_settings`, `payload_too_large`, `precondition_failed`
   */
  put(
    caller: TenantCaller,
    name: string,
    body: PutSettingsBody,
    conditions: Preconditions,
  ): Promise<FunctionSettingsAnswer> {
    const value = settingsText(body.value);
    return this.database.withTenant(caller.tenantId, async (tx) => {
      const { id: functionId } = await findFunction(tx, name);
      await checkPreconditions(tx, `function:${functionId}`, conditions, async () =>
        readSettings(tx, await findFunction(tx, name)),
      );
      const found = await findFunction(tx, name);
      assertSettingsFit(await liveSchema(tx, found), value, '/body/value');
      const before = await tx.settings.current(functionId);
      if (before?.value !== value) await this.#change(tx, caller, found, { before, value });
      return readSettings(tx, found);
    });
  }

  async #change(
    tx: TenantTransaction,
    caller: TenantCaller,
    { id: functionId, name }: TenantFunction,
    { before, value }: { readonly before: FunctionSettings | null; readonly value: string },
  ): Promise<void> {
    const added = await tx.settings.add({ functionId, value, by: caller.actor });
    const deployment = await tx.deployments.applySettings(functionId, added.id, caller.actor);
    // Settings may hold what is nobody's business; their hashes say which states they were.
    const state = (settings: FunctionSettings | null) =>
      settings === null ? null : { id: settings.id, sha256: settings.sha256 };
    const details = { function: name, before: state(before), after: state(added), deployment: deployment?.id ?? null };
    await tx.audit.append(auditOf(caller, 'function.settings_changed', functionId, details));
  }
}

async function liveSchema(tx: TenantTransaction, { liveVersionId }: TenantFunction): Promise<JsonObject | null> {
  const version = liveVersionId === null ? null : await tx.versions.find(liveVersionId);
  return version?.settingsSchema == null ? null : jsonObjectSchema.parse(version.settingsSchema);
}

async function readSettings(tx: TenantTransaction, found: TenantFunction): Promise<FunctionSettingsAnswer> {
  const settings = await tx.settings.current(found.id);
  return {
    function: found.name,
    id: settings?.id ?? null,
    value: settings === null ? null : jsonObjectSchema.parse(JSON.parse(settings.value)),
    sha256: settings?.sha256 ?? null,
    by: settings?.by ?? null,
    createdAt: timeOrNull(settings?.createdAt ?? null),
    schema: await liveSchema(tx, found),
  };
}
