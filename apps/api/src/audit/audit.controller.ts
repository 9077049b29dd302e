import { Controller, Get, Query, Res, StreamableFile } from '@nestjs/common';
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
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { AuditService } from './audit.service.js';
import { ApiAuditExport, exportFile, hangUpOf, verifyOperation } from './audit-routes.js';

@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @Allow('audit:read')
  @ApiOperation({ summary: 'List audit entries, newest first' })
  @ApiAnswer(200, 'A page of audit entries.', auditPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: auditQuerySchema }) query: AuditQuery) {
    return this.audit.list(caller, query);
  }

  @Get('verify')
  @Allow('audit:read')
  @ApiOperation(verifyOperation)
  @ApiAnswer(200, 'What was found; a broken chain is an answer, too.', auditVerificationSchema)
  verify(
    @CurrentTenant() caller: TenantCaller,
    @Query({ schema: auditAfterQuerySchema }) query: AuditAfterQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.audit.verify(caller, query, hangUpOf(reply));
  }

  @Get('export')
  @Allow('audit:read')
  @ApiAuditExport()
  async export(
    @CurrentTenant() caller: TenantCaller,
    @Query({ schema: auditAfterQuerySchema }) query: AuditAfterQuery,
  ): Promise<StreamableFile> {
    return exportFile(caller.tenantId, await this.audit.export(caller, query));
  }
}
