import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  deadlineHeader,
  nameSchema,
  ProblemError,
  type RunBody,
  requestLimits,
  runAnswerSchema,
  runBodySchema,
  runHeadersSchema,
} from '@tenon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { RunsService, TimedProblem } from './runs.service.js';

@ApiTags('runs')
@Controller('v1/extension-points')
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Post(':name/run')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true, bodyBytesMax: requestLimits.jsonBodyBytesMax })
  @ApiProblems('quota_exceeded', 'run_failed', 'run_timed_out', 'payload_too_large', 'unavailable')
  @ApiHeader({
    name: 'Tenon-Deadline-Ms',
    required: false,
    description: 'Milliseconds that the caller waits at most; it can only shorten the deadline of the extension point.',
    schema: { type: 'integer', minimum: 1, maximum: 99_999 },
  })
  @ApiOperation({
    summary: 'Run the functions of an extension point and wait for what they make of the input',
    description:
      'The functions run in their order and their outputs are combined as the point says. Where the point fails open, ' +
      'the answer does without a function that failed and says so; where it fails closed, the answer is a problem. ' +
      'Each run is recorded; the records are safe when this is answered, and listed a moment later. ' +
      'The header `Server-Timing` says where the time went.',
  })
  @ApiAnswer(200, 'What the functions made of the input.', runAnswerSchema)
  async run(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) point: string,
    @Body({ schema: runBodySchema }) _body: RunBody,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const body = request.tenonRawBody;
    if (body === undefined) throw new ProblemError('unsupported_media_type', 'Send the input as application/json.');
    const wanted = { point, body, deadlineMs: deadlineOf(request), spentMs: reply.elapsedTime };
    try {
      const { body: answer, serverTiming } = await this.runs.run(caller, wanted);
      reply
        .header('server-timing', serverTiming)
        .header('content-type', 'application/json; charset=utf-8')
        .send(answer);
    } catch (error) {
      if (error instanceof TimedProblem) reply.header('server-timing', error.serverTiming);
      throw error;
    }
  }
}

function deadlineOf({ headers }: FastifyRequest): number | undefined {
  const text = headers[deadlineHeader];
  if (text === undefined) return undefined;
  const parsed = runHeadersSchema.safeParse({ [deadlineHeader]: text });
  if (parsed.success) return parsed.data[deadlineHeader];
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: `/header/${deadlineHeader}`, message: parsed.error.issues[0]?.message ?? 'is not valid' },
  ]);
}
