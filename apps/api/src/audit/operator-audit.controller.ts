import { Controller, Get, Query, Res, type StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type AuditAfterQuery,
  type AuditQuery,
  auditAfterQuerySchema,
  auditPageSchema,
  auditQuerySchema,
  auditVerificationSchema,
} from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { AuditService } from './audit.service.js';
import { ApiAuditExport, exportFile, hangUpOf, verifyOperation } from './audit-routes.js';

/** What operators did, and what the chains of tenants looked like when (anchors). */
@ApiTags('audit')
@Controller('v1/operator/audit')
export class OperatorAuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @OperatorOnly()
  @ApiOperation({ summary: "List the operator's own audit entries, newest first" })
  @ApiAnswer(200, 'A page of audit entries.', auditPageSchema)
  list(@Query({ schema: auditQuerySchema }) query: AuditQuery) {
    return this.audit.listOperator(query);
  }

  @Get('verify')
  @OperatorOnly()
  @ApiOperation(verifyOperation)
  @ApiAnswer(200, 'What was found; a broken chain is an answer, too.', auditVerificationSchema)
  verify(
    @Query({ schema: auditAfterQuerySchema }) query: AuditAfterQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.audit.verifyOperator(query, hangUpOf(reply));
  }

  @Get('export')
  @OperatorOnly()
  @ApiAuditExport()
  async export(
    @CurrentCaller() caller: Caller,
    @Query({ schema: auditAfterQuerySchema }) query: AuditAfterQuery,
  ): Promise<StreamableFile> {
    return exportFile('operator', await this.audit.exportOperator(caller, query));
  }
}
