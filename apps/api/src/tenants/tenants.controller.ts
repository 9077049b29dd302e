import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type CreateTenantBody,
  createTenantBodySchema,
  type Id,
  idSchema,
  type PageQuery,
  type PatchTenantBody,
  patchTenantBodySchema,
  type SuspendTenantBody,
  suspendTenantBodySchema,
  tenantErasureSchema,
  tenantPageSchema,
  tenantSchema,
  tenantsQuerySchema,
} from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { TenantStatusService } from './tenant-status.service.js';
import { TenantsService } from './tenants.service.js';

const tenantIdSchema = idSchema('tenant');

@ApiTags('tenants')
@Controller('v1/tenants')
export class TenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly status: TenantStatusService,
  ) {}

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
  get(@Param('tenant', { schema: tenantIdSchema }) id: Id<'tenant'>) {
    return this.tenants.get(id);
  }

  @Patch(':tenant')
  @OperatorOnly()
  @ApiConditional()
  @ApiProblems('not_found', 'tenant_deleting')
  @ApiOperation({ summary: 'Change the name or the plan of a tenant' })
  @ApiAnswer(200, 'The tenant as it is now.', tenantSchema)
  patch(
    @CurrentCaller() caller: Caller,
    @Param('tenant', { schema: tenantIdSchema }) id: Id<'tenant'>,
    @Body({ schema: patchTenantBodySchema }) body: PatchTenantBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.tenants.patch(caller, id, body, conditions);
  }

  @Post(':tenant/suspend')
  @HttpCode(200)
  @OperatorOnly()
  @ApiConditional()
  @ApiProblems('not_found', 'tenant_deleting')
  @ApiOperation({
    summary: 'Suspend a tenant',
    description: 'Its keys and people are refused within a second. Nothing is lost; an operator may still read.',
  })
  @ApiAnswer(200, 'The tenant as it is now.', tenantSchema)
  suspend(
    @CurrentCaller() caller: Caller,
    @Param('tenant', { schema: tenantIdSchema }) id: Id<'tenant'>,
    @Body({ schema: suspendTenantBodySchema }) { reason }: SuspendTenantBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.status.suspend(caller, id, reason, conditions);
  }

  @Post(':tenant/resume')
  @HttpCode(200)
  @OperatorOnly()
  @ApiConditional()
  @ApiProblems('not_found', 'tenant_deleting')
  @ApiOperation({ summary: 'Resume a suspended tenant' })
  @ApiAnswer(200, 'The tenant as it is now.', tenantSchema)
  resume(
    @CurrentCaller() caller: Caller,
    @Param('tenant', { schema: tenantIdSchema }) id: Id<'tenant'>,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.status.resume(caller, id, conditions);
  }

  @Delete(':tenant')
  @HttpCode(202)
  @OperatorOnly()
  @ApiProblems('not_found', 'tenant_not_suspended')
  @ApiOperation({
    summary: 'Delete a suspended tenant with everything that it has',
    description: 'There is no way back; export it first. The worker removes it bit by bit.',
  })
  @ApiAnswer(202, 'The tenant; it is gone when its erasure is finished.', tenantSchema)
  erase(@CurrentCaller() caller: Caller, @Param('tenant', { schema: tenantIdSchema }) id: Id<'tenant'>) {
    return this.status.erase(caller, id);
  }

  @Get(':tenant/erasure')
  @OperatorOnly()
  @ApiProblems('not_found')
  @ApiOperation({
    summary: 'Show how far the deletion of a tenant is',
    description: 'It stays when the tenant is gone.',
  })
  @ApiAnswer(200, 'What was removed so far.', tenantErasureSchema)
  erasure(@Param('tenant', { schema: tenantIdSchema }) id: Id<'tenant'>) {
    return this.status.erasure(id);
  }
}
