import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type ExecutionsQuery,
  executionPageSchema,
  executionSchema,
  executionsQuerySchema,
  type Id,
  idSchema,
  type StatisticsQuery,
  statisticsQuerySchema,
  statisticsSchema,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { ExecutionsService } from './executions.service.js';
import { StatisticsService } from './statistics.service.js';

@ApiTags('executions')
@Controller('v1/executions')
export class ExecutionsController {
  constructor(
    private readonly executions: ExecutionsService,
    private readonly statistics: StatisticsService,
  ) {}

  @Get()
  @Allow('executions:read')
  @ApiOperation({ summary: 'List executions, newest first' })
  @ApiAnswer(200, 'A page of executions.', executionPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: executionsQuerySchema }) query: ExecutionsQuery) {
    return this.executions.list(caller, query);
  }

  @Get('statistics')
  @Allow('executions:read')
  @ApiOperation({
    summary: 'Count executions over time, with percentiles',
    description:
      'How many ran, how they ended, how long they took and how many instructions they used, in buckets of time. ' +
      'What was recorded a moment ago is counted.',
  })
  @ApiAnswer(200, 'The series, those with the most executions first.', statisticsSchema)
  readStatistics(
    @CurrentTenant() caller: TenantCaller,
    @Query({ schema: statisticsQuerySchema }) query: StatisticsQuery,
  ) {
    return this.statistics.read(caller, query);
  }

  @Get(':execution')
  @Allow('executions:read')
  @ApiOperation({ summary: 'Show an execution: input, output, log, instructions, memory, times' })
  @ApiAnswer(200, 'The execution.', executionSchema)
  get(
    @CurrentTenant() caller: TenantCaller,
    @Param('execution', { schema: idSchema('execution') }) id: Id<'execution'>,
  ) {
    return this.executions.get(caller, id);
  }
}
