import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type UsageQuery, usageQuerySchema, usageSchema } from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { quotaFields } from '../rate-limit/rate-limit-fields.js';
import { UsageService } from './usage.service.js';

@ApiTags('usage')
@Controller('v1/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @Allow('executions:read')
  @ApiOperation({
    summary: 'What the functions used in a span of time, and where the tenant stands with its quotas',
    description: 'The RateLimit fields of the answer say the same as `quotas`.',
  })
  @ApiAnswer(200, 'Totals, and the same per function.', usageSchema)
  async get(
    @CurrentTenant() caller: TenantCaller,
    @Query({ schema: usageQuerySchema }) query: UsageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const usage = await this.usage.get(caller, query);
    const fields = quotaFields(usage.quotas, Date.now());
    if (fields !== undefined) reply.headers(fields);
    return usage;
  }
}
