import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  createdInvitationSchema,
  type Id,
  type InviteOperatorBody,
  idSchema,
  invitationPageSchema,
  invitationsQuerySchema,
  inviteOperatorBodySchema,
  operatorPageSchema,
  operatorsQuerySchema,
  type PageQuery,
} from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { OperatorsService } from './operators.service.js';

@ApiTags('operators')
@Controller('v1')
export class OperatorsController {
  constructor(private readonly operators: OperatorsService) {}

  @Get('operators')
  @OperatorOnly()
  @ApiOperation({ summary: 'List the people who operate this installation' })
  @ApiAnswer(200, 'A page of operators.', operatorPageSchema)
  list(@Query({ schema: operatorsQuerySchema }) query: PageQuery) {
    return this.operators.list(query);
  }

  @Delete('operators/:user')
  @HttpCode(204)
  @OperatorOnly()
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'Dismiss an operator', description: 'They are an ordinary person within a second.' })
  @ApiNoContentResponse({ description: 'They operate nothing any more.' })
  dismiss(@CurrentCaller() caller: Caller, @Param('user', { schema: idSchema('user') }) id: Id<'user'>) {
    return this.operators.dismiss(caller, id);
  }

  @Post('operator-invitations')
  @OperatorOnly()
  @ApiOperation({
    summary: 'Invite a person to operate this installation',
    description: 'The token is in this answer only; send it to that person.',
  })
  @ApiAnswer(201, 'The invitation.', createdInvitationSchema)
  invite(@CurrentCaller() caller: Caller, @Body({ schema: inviteOperatorBodySchema }) body: InviteOperatorBody) {
    return this.operators.invite(caller, body);
  }

  @Get('operator-invitations')
  @OperatorOnly()
  @ApiOperation({ summary: 'List invitations of operators, newest first' })
  @ApiAnswer(200, 'A page of invitations.', invitationPageSchema)
  listInvitations(@Query({ schema: invitationsQuerySchema }) query: PageQuery) {
    return this.operators.listInvitations(query);
  }

  @Delete('operator-invitations/:invitation')
  @HttpCode(204)
  @OperatorOnly()
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'Take an invitation of an operator back' })
  @ApiNoContentResponse({ description: 'Nobody can accept it any more.' })
  revokeInvitation(
    @CurrentCaller() caller: Caller,
    @Param('invitation', { schema: idSchema('invitation') }) id: Id<'invitation'>,
  ) {
    return this.operators.revokeInvitation(caller, id);
  }
}
