import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type ActivateBody,
  activateBodySchema,
  deploymentPageSchema,
  deploymentSchema,
  deploymentsQuerySchema,
  nameSchema,
  type PageQuery,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { DeploymentsService } from './deployments.service.js';

@ApiTags('functions')
@Controller('v1/functions/:name')
export class DeploymentsController {
  constructor(private readonly deployments: DeploymentsService) {}

  @Post('activate')
  @HttpCode(200)
  @Allow('functions:write')
  @ApiConditional()
  @ApiProblems('version_not_ready', 'invalid_settings')
  @ApiOperation({ summary: 'Make a version live' })
  @ApiAnswer(200, 'What is live now.', deploymentSchema)
  activate(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: activateBodySchema }) body: ActivateBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.deployments.activate(caller, name, body, conditions);
  }

  @Post('rollback')
  @HttpCode(200)
  @Allow('functions:write')
  @ApiConditional()
  @ApiProblems('nothing_to_roll_back')
  @ApiOperation({
    summary: 'Undo the last change of what is live',
    description: 'The version and the settings that were live before are live again.',
  })
  @ApiAnswer(200, 'What is live now.', deploymentSchema)
  rollback(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.deployments.rollback(caller, name, conditions);
  }

  @Get('deployments')
  @Allow('functions:read')
  @ApiOperation({ summary: 'List what was live since when, newest first' })
  @ApiAnswer(200, 'A page of deployments.', deploymentPageSchema)
  list(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: deploymentsQuerySchema }) query: PageQuery,
  ) {
    return this.deployments.list(caller, name, query);
  }
}
