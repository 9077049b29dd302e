import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  changedEventsSchema,
  type DeadLettersQuery,
  deadLettersQuerySchema,
  type EventChoiceBody,
  eventChoiceSchema,
  eventPageSchema,
  eventSchema,
  type Id,
  idSchema,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { EventActionsService } from './event-actions.service.js';
import { EventsService } from './events.service.js';

const eventIdSchema = idSchema('event');

@ApiTags('dead letters')
@Controller('v1/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly events: EventsService,
    private readonly actions: EventActionsService,
  ) {}

  @Get()
  @Allow('executions:read')
  @ApiOperation({
    summary: 'List events that were tried as often as they may be, newest first',
    description: 'Their note names the outcomes; their executions tell the rest.',
  })
  @ApiAnswer(200, 'A page of events.', eventPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: deadLettersQuerySchema }) query: DeadLettersQuery) {
    return this.events.list(caller.tenantId, { ...query, status: 'dead' });
  }

  @Post('replay')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true })
  @ApiOperation({ summary: 'Let dead events be tried again: some by their ids, or the oldest that a filter finds' })
  @ApiAnswer(200, 'How many are ready again.', changedEventsSchema)
  async replay(@CurrentTenant() caller: TenantCaller, @Body({ schema: eventChoiceSchema }) choice: EventChoiceBody) {
    return { changed: await this.actions.replay(caller, choice) };
  }

  @Post('discard')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true })
  @ApiOperation({ summary: 'Give dead events up: some by their ids, or the oldest that a filter finds' })
  @ApiAnswer(200, 'How many were given up.', changedEventsSchema)
  async discard(@CurrentTenant() caller: TenantCaller, @Body({ schema: eventChoiceSchema }) choice: EventChoiceBody) {
    return { changed: await this.actions.discard(caller, choice) };
  }

  @Post(':event/replay')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true })
  @ApiProblems('event_state')
  @ApiOperation({ summary: 'Let a dead event be tried again' })
  @ApiAnswer(200, 'The event, ready again.', eventSchema)
  replayOne(@CurrentTenant() caller: TenantCaller, @Param('event', { schema: eventIdSchema }) id: Id<'event'>) {
    return this.actions.replayOne(caller, id);
  }

  @Delete(':event')
  @HttpCode(204)
  @Allow('events:write', { repeatable: true })
  @ApiProblems('event_state')
  @ApiOperation({ summary: 'Give a dead event up' })
  @ApiNoContentResponse({ description: 'The event was given up.' })
  discardOne(@CurrentTenant() caller: TenantCaller, @Param('event', { schema: eventIdSchema }) id: Id<'event'>) {
    return this.actions.discardOne(caller, id);
  }
}
