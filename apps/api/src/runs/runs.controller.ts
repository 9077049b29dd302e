import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import {
  deadlineHeader,
  namePattern,
  nameSchema,
  ProblemError,
  requestLimits,
  runAnswerSchema,
  runBodySchema,
  runHeadersSchema,
} from '@tenon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../http/access.decorators.js';
import { tenantCallerOf } from '../http/caller.js';
import { checkedBy } from '../http/request-validation.pipe.js';
import { ApiAnswer, ApiProblems, ApiRequestContent } from '../openapi/answers.decorators.js';
import { RunsService, TimedProblem } from './runs.service.js';

interface RunHttpRequest extends FastifyRequest {
  readonly params: { readonly name: string };
}

@ApiTags('runs')
@Controller('v1/extension-points')
export class RunsController {
  constructor(private readonly runs: RunsService) {}

  @Post(':name/run')
  @HttpCode(200)
  @Allow('events:write', { repeatable: true, bodyBytesMax: requestLimits.jsonBodyBytesMax })
  @ApiProblems('quota_exceeded', 'run_failed', 'run_timed_out', 'payload_too_large', 'unavailable')
  @ApiParam({ name: 'name', required: true, schema: { type: 'string', pattern: namePattern } })
  @ApiRequestContent({ 'application/json': runBodySchema })
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
  async run(@Req() request: RunHttpRequest, @Res() reply: FastifyReply): Promise<void> {
    // Everything by hand from the request: each argument on its own would wait its turn, thousands of times a second.
    const point = checkedBy(nameSchema, request.params.name, () => ['path', 'name']);
    checkedBy(runBodySchema, request.body, (path) => ['body', ...path]);
    const body = request.tenonRawBody;
    if (body === undefined) throw new ProblemError('unsupported_media_type', 'Send the input as application/json.');
    const wanted = { point, body, deadlineMs: deadlineOf(request), spentMs: reply.elapsedTime };
    try {
      const { body: answer, serverTiming } = await this.runs.run(tenantCallerOf(request), wanted);
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
