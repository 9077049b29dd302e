import { Readable } from 'node:stream';
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type ExecutionStreamQuery, executionStreamQuerySchema } from '@tenon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessService } from '../auth/access.service.js';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { settingsOf } from '../http/route-settings.js';
import { ApiProblems } from '../openapi/answers.decorators.js';
import { ExecutionStreamsService } from './execution-streams.service.js';

@ApiTags('executions')
@Controller('v1/executions')
export class StreamController {
  constructor(
    private readonly streams: ExecutionStreamsService,
    private readonly access: AccessService,
  ) {}

  @Get('stream')
  @Allow('executions:read')
  @ApiProblems('rate_limited')
  @ApiOperation({
    summary: 'Watch executions as they are recorded',
    description:
      'Server-sent events: `execution` with a StreamedExecution as data, and `dropped` with DroppedExecutions where ' +
      'some could not be shown. With `Last-Event-ID` a stream goes on where another one ended, for up to 10,000 ' +
      'executions, without a gap and without showing one twice. A comment comes every 15 seconds.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The id of the last event that was received.' })
  @ApiResponse({
    status: 200,
    description: 'The stream. It ends when the key or session may not see executions any more.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  async watch(
    @CurrentTenant() { tenantId }: TenantCaller,
    @Query({ schema: executionStreamQuerySchema }) query: ExecutionStreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const closed = new AbortController();
    reply.raw.once('close', () => closed.abort());
    const events = await this.streams.open({
      tenantId,
      query,
      lastEventId: request.headers['last-event-id']?.toString(),
      signal: closed.signal,
      recheck: () => this.#recheck(request),
    });
    reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store').send(Readable.from(events));
  }

  async #recheck(request: FastifyRequest): Promise<void> {
    const settings = settingsOf(request);
    if (settings !== undefined) await this.access.admit(request, settings.access);
  }
}
