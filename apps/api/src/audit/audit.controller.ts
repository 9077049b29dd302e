import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type AuditQuery, auditPageSchema, auditQuerySchema } from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { AuditService } from './audit.service.js';

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
}
