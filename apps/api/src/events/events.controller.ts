import { Body, Controller, Get, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  acceptedEventsSchema,
  cloudEventBatchSchema,
  cloudEventMediaTypes,
  cloudEventSchema,
  eventSchema,
  type Id,
  idSchema,
  type JsonValue,
  requestLimits,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems, ApiRequestContent } from '../openapi/answers.decorators.js';
import { EventsService } from './events.service.js';
import { readCloudEvents } from './read-cloud-events.js';

@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  constructor(private readonly events: EventsService) {}

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
      'accepted or none; an event whose `source` and `id` came before gets the id that it got then.',
  })
  @ApiAnswer(202, 'The events are committed and will run.', acceptedEventsSchema)
  send(
    @CurrentTenant() caller: TenantCaller,
    @Headers() headers: Record<string, string | undefined>,
    @Body() body: JsonValue,
  ) {
    return this.events.accept(caller.tenantId, readCloudEvents(headers, body), 'rest');
  }

  @Get(':event')
  @Allow('executions:read')
  @ApiOperation({ summary: 'Show an event: where it stands, and why' })
  @ApiAnswer(200, 'The event.', eventSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('event', { schema: idSchema('event') }) id: Id<'event'>) {
    return this.events.get(caller.tenantId, id);
  }
}
