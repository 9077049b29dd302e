import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type Id,
  idSchema,
  type ReplayBody,
  replayAnswerSchema,
  replayBodySchema,
  requestLimits,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { ReplaysService } from './replays.service.js';

@ApiTags('executions')
@Controller('v1/executions')
export class ReplaysController {
  constructor(private readonly replays: ReplaysService) {}

  @Post(':execution/replay')
  @HttpCode(200)
  @Allow('functions:write', { repeatable: true, bodyBytesMax: requestLimits.jsonBodyBytesMax })
  @ApiProblems('version_not_ready', 'input_not_kept', 'unavailable')
  @ApiOperation({
    summary: 'Run an execution again and compare',
    description:
      'With an empty body: the same version on the same input, with the same clock, random numbers and settings; ' +
      '`reproduced` says whether it gave the same outcome, output and instruction count. With a `version` or an ' +
      '`input`: both outcomes side by side. The run is recorded as a replay.',
  })
  @ApiAnswer(200, 'The execution and its replay.', replayAnswerSchema)
  replay(
    @CurrentTenant() caller: TenantCaller,
    @Param('execution', { schema: idSchema('execution') }) id: Id<'execution'>,
    @Body({ schema: replayBodySchema }) body: ReplayBody,
  ) {
    return this.replays.replay(caller, id, body);
  }
}
