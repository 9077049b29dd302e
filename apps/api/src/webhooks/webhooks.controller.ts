import { Body, Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  acceptedEventsSchema,
  type CreateWebhookSourceBody,
  createdWebhookSourceSchema,
  createWebhookSourceBodySchema,
  type JsonValue,
  jsonValueSchema,
  type PageQuery,
  webhookSourcePageSchema,
  webhookSourcesQuerySchema,
} from '@tenon/contracts';
import type { FastifyRequest } from 'fastify';
import { Allow, Public } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems, ApiRequestContent } from '../openapi/answers.decorators.js';
import { WebhookSourcesService } from './webhook-sources.service.js';
import { WebhooksService } from './webhooks.service.js';

@ApiTags('webhooks')
@Controller('v1')
export class WebhooksController {
  constructor(
    private readonly sources: WebhookSourcesService,
    private readonly webhooks: WebhooksService,
  ) {}

  @Post('webhook-sources')
  @Allow('webhooks:write')
  @ApiOperation({ summary: 'Create a webhook source', description: 'Its secret is in this answer only.' })
  @ApiAnswer(201, 'The new source, with its secret.', createdWebhookSourceSchema)
  createSource(
    @CurrentTenant() caller: TenantCaller,
    @Body({ schema: createWebhookSourceBodySchema }) body: CreateWebhookSourceBody,
  ) {
    return this.sources.create(caller, body);
  }

  @Get('webhook-sources')
  @Allow('webhooks:read')
  @ApiOperation({ summary: 'List webhook sources, newest first' })
  @ApiAnswer(200, 'A page of webhook sources.', webhookSourcePageSchema)
  listSources(@CurrentTenant() caller: TenantCaller, @Query({ schema: webhookSourcesQuerySchema }) query: PageQuery) {
    return this.sources.list(caller, query);
  }

  @Post('webhooks/:source')
  @HttpCode(202)
  @Public()
  @ApiProblems('signature_invalid', 'tenant_suspended', 'invalid_event')
  @ApiRequestContent({ 'application/json': jsonValueSchema })
  @ApiOperation({
    summary: 'Receive a signed message',
    description: 'Signed by Standard Webhooks or by X-Shopify-Hmac-Sha256, as its source says.',
  })
  @ApiAnswer(202, 'The event is committed and will run.', acceptedEventsSchema)
  receive(@Param('source') source: string, @Req() request: FastifyRequest, @Body() body: JsonValue) {
    const { headers, id: requestId, tenonRawBody: rawBody = Buffer.alloc(0) } = request;
    return this.webhooks.receive({ source, headers, rawBody, body, requestId });
  }
}
