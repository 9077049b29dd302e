import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type UsageQuery, usageQuerySchema, usageSchema } from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { UsageService } from './usage.service.js';

@ApiTags('usage')
@Controller('v1/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @Allow('executions:read')
  @ApiOperation({ summary: 'What the functions used, in a span of time' })
  @ApiAnswer(200, 'Totals, and the same per function.', usageSchema)
  get(@CurrentTenant() caller: TenantCaller, @Query({ schema: usageQuerySchema }) query: UsageQuery) {
    return this.usage.get(caller, query);
  }
}
