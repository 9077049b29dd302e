import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { type Id, ProblemError } from '@tenon/contracts';
import type { Database, ExportPart, ExportPlace } from '@tenon/database';
import { z } from 'zod';
import { auditOf } from '../auth/audit-draft.js';
import type { TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

/** Exports that one process writes at once; each holds one part in memory. */
const runningMax = 4;

const placeSchema = z.strictObject({ section: z.string().max(63), after: z.array(z.string().max(256)).max(8) });

/** Streams what a tenant has, as fast as it is read and no faster. */
@Injectable()
export class TenantExportService {
  readonly #running = new Set<Id<'tenant'>>();

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** @throws ProblemError `rate_limited`; `invalid_request` for a cursor that is none */
  async open(caller: TenantCaller, cursor: string | undefined): Promise<Readable> {
    const { tenantId } = caller;
    if (this.#running.has(tenantId) || this.#running.size >= runningMax) {
      throw new ProblemError('rate_limited', 'Another export is being written; try again.');
    }
    this.#running.add(tenantId);
    try {
      const first = await this.#read(tenantId, cursor === undefined ? undefined : placeIn(cursor));
      if (cursor === undefined) {
        await this.database.withTenant(tenantId, (tx) => tx.audit.append(auditOf(caller, 'tenant.exported', tenantId)));
      }
      const stream = Readable.from(this.#lines(tenantId, first), { objectMode: true, highWaterMark: 1 });
      stream.once('close', () => this.#running.delete(tenantId));
      return stream;
    } catch (error) {
      this.#running.delete(tenantId);
      throw error;
    }
  }

  async #read(tenantId: Id<'tenant'>, place: ExportPlace | undefined): Promise<ExportPart> {
    const part = await this.database.tenantExport.read(tenantId, place);
    if (part === null) throw invalidCursor();
    return part;
  }

  async *#lines(tenantId: Id<'tenant'>, first: ExportPart): AsyncGenerator<string> {
    const rows: Record<string, number> = {};
    let part = first;
    for (;;) {
      const { section, next } = part;
      if (part.rows.length > 0) rows[section] = (rows[section] ?? 0) + part.rows.length;
      const lines = part.rows.map((row) => `{"type":${JSON.stringify(section)},"row":${row}}\n`);
      if (next === undefined) {
        yield `${lines.join('')}${JSON.stringify({ type: 'end', tenantId, rows })}\n`;
        return;
      }
      if (lines.length > 0) yield `${lines.join('')}${JSON.stringify({ type: 'cursor', cursor: cursorOf(next) })}\n`;
      part = await this.#read(tenantId, next);
    }
  }
}

function cursorOf(place: ExportPlace): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function placeIn(cursor: string): ExportPlace {
  try {
    return placeSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw invalidCursor();
  }
}

function invalidCursor(): ProblemError {
  return new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: '/query/cursor', message: 'expected a cursor of this export' },
  ]);
}
