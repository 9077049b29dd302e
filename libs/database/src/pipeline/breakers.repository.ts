import { type AuditDraft, type AuditSeals, appendAudit } from '@tenon/audit';
import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant, runnerOf } from '../connection/transaction.js';
import { storableText } from './storable.js';

/** A function that is not run for a while. */
export interface OpenCircuit {
  /** The version that failed; another one is not held back. */
  readonly versionId: Id<'version'>;
  readonly reason: string;
  readonly openedAt: Date;
  /** From then on one run at a time may try whether it works again. */
  readonly probeAt: Date;
}

export interface CircuitOpening {
  readonly functionId: Id<'function'>;
  readonly versionId: Id<'version'>;
  readonly reason: string;
  /** Whether a probe failed. Else a circuit that is open for this version already stays as it is. */
  readonly isAgain: boolean;
  /** Until the first probe; doubled with each probe that failed. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

const open = `
  INSERT INTO function_breakers AS b (tenant_id, function_id, version_id, reason, probe_at)
    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5 / 1000.0))
    ON CONFLICT (tenant_id, function_id) DO UPDATE SET
      version_id = excluded.version_id, reason = excluded.reason, opened_at = now(),
      openings = CASE WHEN b.version_id = excluded.version_id THEN least(b.openings + 1, 30) ELSE 1 END,
      probe_at = now() + make_interval(secs => least($6, $5 * CASE WHEN b.version_id = excluded.version_id
        THEN power(2, least(b.openings, 30)) ELSE 1 END) / 1000.0)
      WHERE $7 OR b.version_id <> excluded.version_id
    RETURNING openings, probe_at AS "probeAt"`;

const claim = `
  UPDATE function_breakers SET probe_at = now() + make_interval(secs => $3 / 1000.0)
    WHERE tenant_id = $1 AND function_id = $2 AND probe_at <= now()`;

/** Circuits of functions. Each change is one transaction with its audit entry. */
export class BreakersRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly seals?: AuditSeals,
  ) {}

  /** Opens the circuit, or keeps it open for longer; what failed beside the run that opened it changes nothing. */
  open(tenantId: Id<'tenant'>, opening: CircuitOpening): Promise<void> {
    const { functionId, versionId, isAgain, pauseMs, pauseMsMax } = opening;
    const reason = storableText(opening.reason);
    return inTenant(this.pool, tenantId, async (client) => {
      const values = [tenantId, functionId, versionId, reason, pauseMs, pauseMsMax, isAgain];
      const { rows } = await client.query<{ openings: number; probeAt: Date }>(open, values);
      const [opened] = rows;
      if (opened === undefined) return;
      const { openings, probeAt } = opened;
      const details = { versionId, reason, openings, probeAt: probeAt.toISOString() };
      await this.#audit(client, tenantId, { action: 'function.circuit_opened', target: functionId, details });
    });
  }

  /**
   * Lets one caller try the function; the next one after `forMs`, should that caller never come back.
   *
   * @returns false before its time, and where somebody else is trying.
   */
  claimProbe(tenantId: Id<'tenant'>, functionId: Id<'function'>, forMs: number): Promise<boolean> {
    return inTenant(this.pool, tenantId, async (client) => {
      return (await client.query(claim, [tenantId, functionId, forMs])).rowCount === 1;
    });
  }

  /** The function works again. @returns false where its circuit was closed. */
  close(tenantId: Id<'tenant'>, functionId: Id<'function'>): Promise<boolean> {
    return inTenant(this.pool, tenantId, async (client) => {
      const text = 'DELETE FROM function_breakers WHERE tenant_id = $1 AND function_id = $2';
      if ((await client.query(text, [tenantId, functionId])).rowCount === 0) return false;
      await this.#audit(client, tenantId, { action: 'function.circuit_closed', target: functionId });
      return true;
    });
  }

  async #audit(client: pg.PoolClient, tenantId: Id<'tenant'>, draft: Omit<AuditDraft, 'actor'>): Promise<void> {
    await appendAudit(runnerOf(client), tenantId, [{ actor: 'system', ...draft }], { seals: this.seals });
  }
}
