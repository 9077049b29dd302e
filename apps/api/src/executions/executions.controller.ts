import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type ExecutionsQuery,
  executionPageSchema,
  executionSchema,
  executionsQuerySchema,
  type Id,
  idSchema,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { ExecutionsService } from './executions.service.js';

@ApiTags('executions')
@Controller('v1/executions')
export class ExecutionsController {
  constructor(private readonly executions: ExecutionsService) {}

  @Get()
  @Allow('executions:read')
  @ApiOperation({ summary: 'List executions, newest first' })
  @ApiAnswer(200, 'A page of executions.', executionPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: executionsQuerySchema }) query: ExecutionsQuery) {
    return this.executions.list(caller, query);
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
