import { Body, Controller, Delete, Get, HttpCode, Post, Put, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type ChangePasswordBody,
  changePasswordBodySchema,
  type SessionAnswer,
  type SignInBody,
  sessionSchema,
  signInBodySchema,
} from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import type { SignInRequest } from '../auth/session-opener.js';
import { PublicFromHere, SignedInOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller, CurrentSession, type OpenSession } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { answerWithSession } from './answer-with-session.js';
import { SessionService } from './session.service.js';
import { CurrentSignIn } from './sign-in-request.decorator.js';

/** The session of whoever asks. */
@ApiTags('sessions')
@Controller('v1/session')
export class SessionController {
  constructor(private readonly session: SessionService) {}

  @Post()
  @HttpCode(201)
  @PublicFromHere()
  @ApiProblems('sign_in_failed', 'sign_in_blocked')
  @ApiOperation({
    summary: 'Sign in',
    description: 'Sets the cookie of the session. Any session that the browser had before ends.',
  })
  @ApiAnswer(201, 'The session. Its token is in the cookie only.', sessionSchema)
  open(
    @CurrentSignIn() request: SignInRequest,
    @Body({ schema: signInBodySchema }) body: SignInBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionAnswer> {
    return answerWithSession(reply, this.session.signIn(body, request));
  }

  @Get()
  @SignedInOnly()
  @ApiOperation({ summary: 'Show who is signed in, and where they may do what' })
  @ApiAnswer(200, 'The session.', sessionSchema)
  get(@CurrentSession() open: OpenSession): SessionAnswer {
    return this.session.show(open);
  }

  @Delete()
  @HttpCode(204)
  @SignedInOnly()
  @ApiOperation({ summary: 'Sign out' })
  @ApiNoContentResponse({ description: 'The session is over.' })
  async close(
    @CurrentCaller() caller: Caller,
    @CurrentSession() open: OpenSession,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    reply.header('set-cookie', await this.session.signOut(caller, open));
  }

  @Put('password')
  @SignedInOnly()
  @ApiProblems('sign_in_failed', 'sign_in_blocked')
  @ApiOperation({ summary: 'Change the password', description: 'Every other session of the person ends.' })
  @ApiAnswer(200, 'A new session in the place of this one.', sessionSchema)
  changePassword(
    @CurrentSession() { session }: OpenSession,
    @CurrentSignIn() request: SignInRequest,
    @Body({ schema: changePasswordBodySchema }) body: ChangePasswordBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionAnswer> {
    return answerWithSession(reply, this.session.changePassword(session, body, request));
  }
}
