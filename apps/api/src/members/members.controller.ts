import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type Id,
  idSchema,
  memberPageSchema,
  memberSchema,
  membersQuerySchema,
  type PageQuery,
  type PutMemberBody,
  putMemberBodySchema,
} from '@tenon/contracts';
import { AllowForTenantInPath } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiTenantInPath } from '../keys/tenant-in-path.decorator.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { MembersService } from './members.service.js';

const userIdSchema = idSchema('user');

@ApiTags('members')
@Controller('v1/tenants/:tenant/members')
export class MembersController {
  constructor(private readonly members: MembersService) {}

  @Get()
  @AllowForTenantInPath('members:read')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'List the people of a tenant' })
  @ApiAnswer(200, 'A page of members.', memberPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: membersQuerySchema }) query: PageQuery) {
    return this.members.list(caller, query);
  }

  @Get(':user')
  @AllowForTenantInPath('members:read')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'Show a member' })
  @ApiAnswer(200, 'The member.', memberSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('user', { schema: userIdSchema }) id: Id<'user'>) {
    return this.members.get(caller, id);
  }

  @Put(':user')
  @AllowForTenantInPath('members:write')
  @ApiTenantInPath()
  @ApiConditional()
  @ApiProblems('last_owner')
  @ApiOperation({ summary: 'Give a member another role', description: 'It holds within a second.' })
  @ApiAnswer(200, 'The member as they are now.', memberSchema)
  put(
    @CurrentTenant() caller: TenantCaller,
    @Param('user', { schema: userIdSchema }) id: Id<'user'>,
    @Body({ schema: putMemberBodySchema }) body: PutMemberBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.members.setRole(caller, id, body.role, conditions);
  }

  @Delete(':user')
  @HttpCode(204)
  @AllowForTenantInPath('members:write')
  @ApiTenantInPath()
  @ApiConditional()
  @ApiProblems('last_owner')
  @ApiOperation({
    summary: 'Remove a member',
    description: 'Their sessions open nothing of this tenant within a second. Keys that they made stay.',
  })
  @ApiNoContentResponse({ description: 'They do not belong to the tenant any more.' })
  remove(
    @CurrentTenant() caller: TenantCaller,
    @Param('user', { schema: userIdSchema }) id: Id<'user'>,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.members.remove(caller, id, conditions);
  }
}
