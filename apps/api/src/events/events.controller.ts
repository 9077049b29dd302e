import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  acceptedEventsSchema,
  changedEventsSchema,
  cloudEventBatchSchema,
  cloudEventMediaTypes,
  cloudEventSchema,
  type EventChoiceBody,
  type EventsQuery,
  eventChoiceSchema,
  eventPageSchema,
  eventSchema,
  eventsQuerySchema,
  type Id,
  idSchema,
  requestLimits,
} from '@tenon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller, tenantCallerOf } from '../http/caller.js';
import { ApiAnswer, ApiProblems, ApiRequestContent } from '../openapi/answers.decorators.js';
import { EventActionsService } from './event-actions.service.js';
import { EventsService } from './events.service.js';
import { readCloudEvents } from './read-cloud-events.js';

@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly actions: EventActionsService,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('events:write', { bodyBytesMax: requestLimits.jsonBodyBytesMax, repeatable: true })
  @ApiProblems('invalid_event')
  @ApiRequestContent({
    [cloudEventMediaTypes.structured]: cloudEventSchema,
    [cloudEventMediaTypes.batch]: cloudEventBatchSchema,
    'application/json': cloudEventSchema,
  })
  @ApiOperation({
    summary: 'Send events (CloudEvents 1.0)',
    description:
      'One event as JSON, up to 1,000 as a batch, or attributes in `ce-` headers with the data as the body. All are ' +
      'accepted or none; an event whose `source` and `id` came before gets the id that it got then. The extension ' +
      'attributes `tenonpriority` (0 to 9, 9 first) and `tenonnotbefore` (a time) say when an event runs.',
  })
  @ApiAnswer(202, 'The events are committed and will run.', acceptedEventsSchema)
  async send(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    // Everything by hand from the request: each argument on its own would wait its turn, thousands of times a second.
    const { tenantId } = tenantCallerOf(request);
    const read = readCloudEvents(request.headers, request.body);
    reply.send(await this.events.accept(tenantId, read, 'rest'));
  }

  @Get()
  @Allow('executions:read')
  @ApiOperation({ summary: 'List events, newest first', description: 'Held ones by `status=held`.' })
  @ApiAnswer(200, 'A page of events.', eventPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: eventsQuerySchema }) query: EventsQuery) {
    return this.events.list(caller.tenantId, query);
  }

  @Post('release')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true })
  @ApiOperation({
    summary: 'Release held events: some by their ids, or the oldest that a filter finds',
    description: 'They run although a quota is used up: whoever releases them by hand takes that on.',
  })
  @ApiAnswer(200, 'How many were held and are ready now.', changedEventsSchema)
  async release(@CurrentTenant() caller: TenantCaller, @Body({ schema: eventChoiceSchema }) choice: EventChoiceBody) {
    return { changed: await this.actions.release(caller, choice) };
  }

  @Get(':event')
  @Allow('executions:read')
  @ApiOperation({ summary: 'Show an event: where it stands, and why' })
  @ApiAnswer(200, 'The event.', eventSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('event', { schema: idSchema('event') }) id: Id<'event'>) {
    return this.events.get(caller.tenantId, id);
  }

  @Post(':event/release')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true })
  @ApiProblems('event_state')
  @ApiOperation({ summary: 'Release a held event' })
  @ApiAnswer(200, 'The event, ready now.', eventSchema)
  releaseOne(@CurrentTenant() caller: TenantCaller, @Param('event', { schema: idSchema('event') }) id: Id<'event'>) {
    return this.actions.releaseOne(caller, id);
  }

  @Post(':event/cancel')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true })
  @ApiProblems('event_state')
  @ApiOperation({
    summary: 'Cancel an event that has not ended',
    description: 'Also one that runs just now: what it does is dropped, and no execution is recorded from then on.',
  })
  @ApiAnswer(200, 'The event, cancelled.', eventSchema)
  cancel(@CurrentTenant() caller: TenantCaller, @Param('event', { schema: idSchema('event') }) id: Id<'event'>) {
    return this.actions.cancel(caller, id);
  }
}
