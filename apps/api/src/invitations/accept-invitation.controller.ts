import { Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type AcceptInvitationBody,
  acceptInvitationBodySchema,
  type SessionAnswer,
  sessionSchema,
} from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import type { SignInRequest } from '../auth/session-opener.js';
import { PublicFromHere } from '../http/access.decorators.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { answerWithSession } from '../sessions/answer-with-session.js';
import { CurrentSignIn } from '../sessions/sign-in-request.decorator.js';
import { AcceptInvitationService } from './accept-invitation.service.js';

@ApiTags('sessions')
@Controller('v1/invitations')
export class AcceptInvitationController {
  constructor(private readonly accepting: AcceptInvitationService) {}

  @Post('accept')
  @HttpCode(201)
  @PublicFromHere()
  @ApiProblems('invitation_invalid', 'sign_in_failed', 'sign_in_blocked')
  @ApiOperation({
    summary: 'Accept an invitation and sign in',
    description: 'Who has an account shows its password; for anybody else an account is made.',
  })
  @ApiAnswer(201, 'The session. Its token is in the cookie only.', sessionSchema)
  accept(
    @CurrentSignIn() request: SignInRequest,
    @Body({ schema: acceptInvitationBodySchema }) body: AcceptInvitationBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionAnswer> {
    return answerWithSession(reply, this.accepting.accept(body, request));
  }
}
