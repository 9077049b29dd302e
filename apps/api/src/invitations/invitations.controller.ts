import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  createdInvitationSchema,
  type Id,
  type InviteBody,
  idSchema,
  invitationPageSchema,
  invitationsQuerySchema,
  inviteBodySchema,
  type PageQuery,
} from '@tenon/contracts';
import { AllowForTenantInPath } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiTenantInPath } from '../keys/tenant-in-path.decorator.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { InvitationsService } from './invitations.service.js';

@ApiTags('members')
@Controller('v1/tenants/:tenant/invitations')
export class InvitationsController {
  constructor(private readonly invitations: InvitationsService) {}

  @Post()
  @AllowForTenantInPath('members:write')
  @ApiTenantInPath()
  @ApiProblems('plan_limit_reached')
  @ApiOperation({
    summary: 'Invite a person',
    description: 'The token is in this answer only; send it to that person.',
  })
  @ApiAnswer(201, 'The invitation.', createdInvitationSchema)
  create(@CurrentTenant() caller: TenantCaller, @Body({ schema: inviteBodySchema }) body: InviteBody) {
    return this.invitations.create(caller, body);
  }

  @Get()
  @AllowForTenantInPath('members:read')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'List invitations, newest first' })
  @ApiAnswer(200, 'A page of invitations.', invitationPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: invitationsQuerySchema }) query: PageQuery) {
    return this.invitations.list(caller, query);
  }

  @Delete(':invitation')
  @HttpCode(204)
  @AllowForTenantInPath('members:write')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'Take an invitation back' })
  @ApiNoContentResponse({ description: 'Nobody can accept it any more.' })
  revoke(
    @CurrentTenant() caller: TenantCaller,
    @Param('invitation', { schema: idSchema('invitation') }) id: Id<'invitation'>,
  ) {
    return this.invitations.revoke(caller, id);
  }
}
