import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ActivateBody, activateBodySchema, deploymentSchema, nameSchema } from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { DeploymentsService } from './deployments.service.js';

@ApiTags('functions')
@Controller('v1/functions/:name')
export class DeploymentsController {
  constructor(private readonly deployments: DeploymentsService) {}

  @Post('activate')
  @HttpCode(200)
  @Allow('functions:write')
  @ApiProblems('version_not_ready')
  @ApiOperation({ summary: 'Make a version live' })
  @ApiAnswer(200, 'What is live now.', deploymentSchema)
  activate(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: activateBodySchema }) body: ActivateBody,
  ) {
    return this.deployments.activate(caller, name, body.version);
  }

  @Post('rollback')
  @HttpCode(200)
  @Allow('functions:write')
  @ApiProblems('nothing_to_roll_back')
  @ApiOperation({ summary: 'Make the version live that was live before' })
  @ApiAnswer(200, 'What is live now.', deploymentSchema)
  rollback(@CurrentTenant() caller: TenantCaller, @Param('name', { schema: nameSchema }) name: string) {
    return this.deployments.rollback(caller, name);
  }
}
