import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
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
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
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
}
