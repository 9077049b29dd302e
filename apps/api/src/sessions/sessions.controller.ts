import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Id, idSchema, type PageQuery, sessionPageSchema, sessionsQuerySchema } from '@tenon/contracts';
import { SignedInOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller, CurrentSession, type OpenSession } from '../http/caller.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { SessionsService } from './sessions.service.js';

/** The sessions of whoever asks, in all their browsers. */
@ApiTags('sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @SignedInOnly()
  @ApiOperation({ summary: 'List your sessions, newest first' })
  @ApiAnswer(200, 'A page of sessions.', sessionPageSchema)
  list(@CurrentSession() { session }: OpenSession, @Query({ schema: sessionsQuerySchema }) query: PageQuery) {
    return this.sessions.list(session, query);
  }

  @Delete(':session')
  @HttpCode(204)
  @SignedInOnly()
  @ApiOperation({ summary: 'End one of your sessions', description: 'It opens nothing any more within a second.' })
  @ApiNoContentResponse({ description: 'The session is over.' })
  revoke(
    @CurrentCaller() caller: Caller,
    @CurrentSession() { session }: OpenSession,
    @Param('session', { schema: idSchema('session') }) id: Id<'session'>,
  ) {
    return this.sessions.revoke(caller, session, id);
  }
}
