import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { nameSchema, type PutPlanBody, planSchema, putPlanBodySchema } from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { PlansService } from './plans.service.js';

@ApiTags('plans')
@Controller('v1/plans')
export class PlansController {
  constructor(private readonly plans: PlansService) {}

  @Put(':name')
  @OperatorOnly()
  @ApiConditional()
  @ApiOperation({ summary: 'Create a plan, or replace its terms' })
  @ApiAnswer(200, 'The plan as it is now.', planSchema)
  put(
    @CurrentCaller() caller: Caller,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: putPlanBodySchema }) body: PutPlanBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.plans.put(caller, name, body, conditions);
  }

  @Get(':name')
  @OperatorOnly()
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'Show a plan' })
  @ApiAnswer(200, 'The plan.', planSchema)
  get(@Param('name', { schema: nameSchema }) name: string) {
    return this.plans.get(name);
  }
}
