import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { entryLine, headerLine, toEntry } from '@tenon/audit';
import type { AuditAfterQuery, AuditEntryAnswer, AuditQuery, AuditVerificationAnswer } from '@tenon/contracts';
import type { AuditFilter, AuditRecord, ChainExport, ChainHead, Database, Page } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller, TenantCaller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';
import { AuditDesk } from './audit-desk.js';

/** The records of who did what: a tenant's, or with the methods that say so, the operator's. */
@Injectable()
export class AuditService {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly desk: AuditDesk,
  ) {}

  async list(caller: TenantCaller, query: AuditQuery) {
    return toPage(await this.database.withTenant(caller.tenantId, (tx) => tx.audit.list(filterOf(query))));
  }

  async listOperator(query: AuditQuery) {
    return toPage(await this.database.asOperator((tx) => tx.audit.list(filterOf(query))));
  }

  verify({ tenantId }: TenantCaller, query: AuditAfterQuery, signal: AbortSignal): Promise<AuditVerificationAnswer> {
    const after = headIn(query);
    return this.desk.serve(tenantId, () => this.database.auditTrail.verify(tenantId, { after, signal }));
  }

  verifyOperator(query: AuditAfterQuery, signal: AbortSignal): Promise<AuditVerificationAnswer> {
    const after = headIn(query);
    return this.desk.serve('operator', () => this.database.auditTrail.verifyOperator({ after, signal }));
  }

  /** That data leaves is part of the record, and of the export itself. */
  async export(caller: TenantCaller, query: AuditAfterQuery): Promise<Readable> {
    const { tenantId } = caller;
    await this.database.withTenant(tenantId, (tx) => tx.audit.append(auditOf(caller, 'audit.exported', tenantId)));
    return this.desk.stream(tenantId, async () =>
      toLines(await this.database.auditTrail.export(tenantId, headIn(query))),
    );
  }

  async exportOperator(caller: Caller, query: AuditAfterQuery): Promise<Readable> {
    await this.database.asOperator((tx) => tx.audit.append(auditOf(caller, 'audit.exported', 'operator')));
    return this.desk.stream('operator', async () =>
      toLines(await this.database.auditTrail.exportOperator(headIn(query))),
    );
  }
}

function filterOf({ from, to, ...rest }: AuditQuery): AuditFilter & { readonly limit: number } {
  return { ...rest, from: timeOf(from), to: timeOf(to) };
}

const timeOf = (text: string | undefined) => (text === undefined ? undefined : new Date(text));

function headIn({ after }: AuditAfterQuery): ChainHead | undefined {
  if (after === undefined) return undefined;
  const [seq, hash] = after.split(':', 2);
  return { seq: Number(seq), hash: hash ?? '' };
}

const toPage = (page: Page<AuditRecord>) => mapPage(page, toAnswer);

function toAnswer(record: AuditRecord): AuditEntryAnswer {
  const { chain: _chain, ...entry } = toEntry(record);
  return { ...entry, id: entry.id as AuditEntryAnswer['id'], details: entry.details as AuditEntryAnswer['details'] };
}

async function* toLines({ header, pieces }: ChainExport): AsyncGenerator<string> {
  yield headerLine(header);
  for await (const records of pieces) yield records.map(entryLine).join('');
}
