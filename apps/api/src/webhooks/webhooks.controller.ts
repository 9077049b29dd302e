import { Body, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { acceptedEventsSchema, idPattern, type JsonValue, jsonValueSchema } from '@tenon/contracts';
import type { FastifyRequest } from 'fastify';
import { Public } from '../http/access.decorators.js';
import { ApiAnswer, ApiProblems, ApiRequestContent } from '../openapi/answers.decorators.js';
import { WebhooksService } from './webhooks.service.js';

@ApiTags('webhooks')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post(':source')
  @HttpCode(202)
  @Public()
  @ApiParam({ name: 'source', required: true, schema: { type: 'string', pattern: idPattern('webhookSource') } })
  @ApiProblems('signature_invalid', 'tenant_suspended', 'invalid_event', 'rate_limited')
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
