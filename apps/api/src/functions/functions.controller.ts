import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type CreateFunctionBody,
  createFunctionBodySchema,
  functionPageSchema,
  functionSchema,
  functionsQuerySchema,
  nameSchema,
  type PageQuery,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { FunctionsService } from './functions.service.js';

@ApiTags('functions')
@Controller('v1/functions')
export class FunctionsController {
  constructor(private readonly functions: FunctionsService) {}

  @Post()
  @Allow('functions:write')
  @ApiProblems('conflict', 'plan_limit_reached')
  @ApiOperation({ summary: 'Create a function, bound to an extension point' })
  @ApiAnswer(201, 'The new function; it has no version yet.', functionSchema)
  create(@CurrentTenant() caller: TenantCaller, @Body({ schema: createFunctionBodySchema }) body: CreateFunctionBody) {
    return this.functions.create(caller, body);
  }

  @Get()
  @Allow('functions:read')
  @ApiOperation({ summary: 'List functions, newest first' })
  @ApiAnswer(200, 'A page of functions.', functionPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: functionsQuerySchema }) query: PageQuery) {
    return this.functions.list(caller, query);
  }

  @Get(':name')
  @Allow('functions:read')
  @ApiOperation({ summary: 'Show a function' })
  @ApiAnswer(200, 'The function.', functionSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('name', { schema: nameSchema }) name: string) {
    return this.functions.get(caller, name);
  }

  @Post(':name/pause')
  @HttpCode(200)
  @Allow('functions:write')
  @ApiConditional()
  @ApiOperation({
    summary: 'Pause a function',
    description: 'It runs no more, from the next event on, until it is resumed. What is live stays live.',
  })
  @ApiAnswer(200, 'The function.', functionSchema)
  pause(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.functions.pause(caller, name, conditions);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @Allow('functions:write')
  @ApiConditional()
  @ApiOperation({
    summary: 'Let a function run again',
    description: 'One that was paused, or one whose circuit is open, before it would be tried again by itself.',
  })
  @ApiAnswer(200, 'The function.', functionSchema)
  resume(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.functions.resume(caller, name, conditions);
  }

  @Delete(':name')
  @HttpCode(204)
  @Allow('functions:write')
  @ApiConditional()
  @ApiProblems('function_live')
  @ApiOperation({
    summary: 'Delete a function with its versions',
    description: 'One that is live has to be paused first. Its executions stay; its name is free again.',
  })
  @ApiNoContentResponse({ description: 'It is gone.' })
  delete(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @CurrentPreconditions() conditions: Preconditions,
  ): Promise<void> {
    return this.functions.delete(caller, name, conditions);
  }
}
