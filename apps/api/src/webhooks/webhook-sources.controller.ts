import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type CreateWebhookSourceBody,
  createdWebhookSourceSchema,
  createWebhookSourceBodySchema,
  type Id,
  idSchema,
  type PageQuery,
  type PutWebhookSourceBody,
  putWebhookSourceBodySchema,
  type RotateSecretBody,
  rotateSecretBodySchema,
  webhookSourcePageSchema,
  webhookSourceSchema,
  webhookSourcesQuerySchema,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional } from '../openapi/answers.decorators.js';
import { WebhookSourcesService } from './webhook-sources.service.js';

const sourceIdSchema = idSchema('webhookSource');
type SourceId = Id<'webhookSource'>;

@ApiTags('webhooks')
@Controller('v1/webhook-sources')
export class WebhookSourcesController {
  constructor(private readonly sources: WebhookSourcesService) {}

  @Post()
  @Allow('webhooks:write')
  @ApiOperation({ summary: 'Create a webhook source', description: 'Its secret is in this answer only.' })
  @ApiAnswer(201, 'The new source, with its secret.', createdWebhookSourceSchema)
  create(
    @CurrentTenant() caller: TenantCaller,
    @Body({ schema: createWebhookSourceBodySchema }) body: CreateWebhookSourceBody,
  ) {
    return this.sources.create(caller, body);
  }

  @Get()
  @Allow('webhooks:read')
  @ApiOperation({ summary: 'List webhook sources, newest first' })
  @ApiAnswer(200, 'A page of webhook sources.', webhookSourcePageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: webhookSourcesQuerySchema }) query: PageQuery) {
    return this.sources.list(caller, query);
  }

  @Get(':source')
  @Allow('webhooks:read')
  @ApiOperation({ summary: 'Show a webhook source' })
  @ApiAnswer(200, 'The source, without its secrets.', webhookSourceSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('source', { schema: sourceIdSchema }) id: SourceId) {
    return this.sources.get(caller, id);
  }

  @Put(':source')
  @Allow('webhooks:write')
  @ApiConditional()
  @ApiOperation({
    summary: 'Replace name and mapping of a webhook source',
    description: 'Its address, its scheme and its secrets stay.',
  })
  @ApiAnswer(200, 'The source as it is now.', webhookSourceSchema)
  put(
    @CurrentTenant() caller: TenantCaller,
    @Param('source', { schema: sourceIdSchema }) id: SourceId,
    @Body({ schema: putWebhookSourceBodySchema }) body: PutWebhookSourceBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.sources.put(caller, id, body, conditions);
  }

  @Post(':source/rotate-secret')
  @HttpCode(200)
  @Allow('webhooks:write')
  @ApiOperation({ summary: 'Rotate the secret', description: 'The last secret stays live until the next rotation.' })
  @ApiAnswer(200, 'The source, with its new secret.', createdWebhookSourceSchema)
  rotateSecret(
    @CurrentTenant() caller: TenantCaller,
    @Param('source', { schema: sourceIdSchema }) id: SourceId,
    @Body({ schema: rotateSecretBodySchema }) body: RotateSecretBody,
  ) {
    return this.sources.rotateSecret(caller, id, body);
  }

  @Delete(':source')
  @HttpCode(204)
  @Allow('webhooks:write')
  @ApiConditional()
  @ApiOperation({ summary: 'Delete a webhook source', description: 'Its address answers like one that never was.' })
  @ApiNoContentResponse({ description: 'The source is gone.' })
  delete(
    @CurrentTenant() caller: TenantCaller,
    @Param('source', { schema: sourceIdSchema }) id: SourceId,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.sources.delete(caller, id, conditions);
  }
}
