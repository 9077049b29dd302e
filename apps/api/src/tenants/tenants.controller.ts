import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type CreateTenantBody,
  createTenantBodySchema,
  type Id,
  idSchema,
  type PageQuery,
  tenantPageSchema,
  tenantSchema,
  tenantsQuerySchema,
} from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Post()
  @OperatorOnly()
  @ApiOperation({ summary: 'Create a tenant' })
  @ApiAnswer(201, 'The new tenant.', tenantSchema)
  create(@CurrentCaller() caller: Caller, @Body({ schema: createTenantBodySchema }) body: CreateTenantBody) {
    return this.tenants.create(caller, body);
  }

  @Get()
  @OperatorOnly()
  @ApiOperation({ summary: 'List tenants, newest first' })
  @ApiAnswer(200, 'A page of tenants.', tenantPageSchema)
  list(@Query({ schema: tenantsQuerySchema }) query: PageQuery) {
    return this.tenants.list(query);
  }

  @Get(':tenant')
  @OperatorOnly()
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'Show a tenant' })
  @ApiAnswer(200, 'The tenant.', tenantSchema)
  get(@Param('tenant', { schema: idSchema('tenant') }) id: Id<'tenant'>) {
    return this.tenants.get(id);
  }
}
