import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type CreateDeliveryEndpointBody,
  createDeliveryEndpointBodySchema,
  createdDeliveryEndpointSchema,
  deliveryEndpointPageSchema,
  deliveryEndpointSchema,
  deliveryEndpointsQuerySchema,
  deliverySchema,
  type Id,
  idSchema,
  type PageQuery,
  type PutDeliveryEndpointBody,
  putDeliveryEndpointBodySchema,
  type RotateSecretBody,
  rotateSecretBodySchema,
} from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { DeliveryEndpointsService } from './delivery-endpoints.service.js';

const endpointIdSchema = idSchema('deliveryEndpoint');
type EndpointId = Id<'deliveryEndpoint'>;

@ApiTags('deliveries')
@Controller('v1/delivery-endpoints')
export class DeliveryEndpointsController {
  constructor(private readonly endpoints: DeliveryEndpointsService) {}

  @Post()
  @OperatorOnly()
  @ApiProblems('conflict')
  @ApiOperation({ summary: 'Create an endpoint', description: 'Its secret is in this answer only.' })
  @ApiAnswer(201, 'The new endpoint, with its secret.', createdDeliveryEndpointSchema)
  create(
    @CurrentCaller() caller: Caller,
    @Body({ schema: createDeliveryEndpointBodySchema }) body: CreateDeliveryEndpointBody,
  ) {
    return this.endpoints.create(caller, body);
  }

  @Get()
  @OperatorOnly()
  @ApiOperation({ summary: 'List endpoints, newest first' })
  @ApiAnswer(200, 'A page of endpoints.', deliveryEndpointPageSchema)
  list(@Query({ schema: deliveryEndpointsQuerySchema }) query: PageQuery) {
    return this.endpoints.list(query);
  }

  @Get(':endpoint')
  @OperatorOnly()
  @ApiOperation({ summary: 'Show an endpoint' })
  @ApiAnswer(200, 'The endpoint.', deliveryEndpointSchema)
  get(@Param('endpoint', { schema: endpointIdSchema }) id: EndpointId) {
    return this.endpoints.get(id);
  }

  @Put(':endpoint')
  @OperatorOnly()
  @ApiConditional()
  @ApiOperation({ summary: 'Replace the terms of an endpoint', description: 'Its secrets and its status stay.' })
  @ApiAnswer(200, 'The endpoint as it is now.', deliveryEndpointSchema)
  put(
    @CurrentCaller() caller: Caller,
    @Param('endpoint', { schema: endpointIdSchema }) id: EndpointId,
    @Body({ schema: putDeliveryEndpointBodySchema }) body: PutDeliveryEndpointBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.endpoints.put(caller, id, body, conditions);
  }

  @Delete(':endpoint')
  @HttpCode(204)
  @OperatorOnly()
  @ApiOperation({ summary: 'Delete an endpoint', description: 'What waits for it is not sent any more.' })
  @ApiNoContentResponse({ description: 'The endpoint is gone.' })
  delete(@CurrentCaller() caller: Caller, @Param('endpoint', { schema: endpointIdSchema }) id: EndpointId) {
    return this.endpoints.delete(caller, id);
  }

  @Post(':endpoint/pause')
  @HttpCode(200)
  @OperatorOnly()
  @ApiOperation({ summary: 'Pause an endpoint', description: 'Deliveries are made and wait.' })
  @ApiAnswer(200, 'The endpoint as it is now.', deliveryEndpointSchema)
  pause(@CurrentCaller() caller: Caller, @Param('endpoint', { schema: endpointIdSchema }) id: EndpointId) {
    return this.endpoints.setStatus(caller, id, 'paused');
  }

  @Post(':endpoint/resume')
  @HttpCode(200)
  @OperatorOnly()
  @ApiOperation({
    summary: 'Let an endpoint go on',
    description: 'After a pause, after it answered 410, or before its circuit would close by itself.',
  })
  @ApiAnswer(200, 'The endpoint as it is now.', deliveryEndpointSchema)
  resume(@CurrentCaller() caller: Caller, @Param('endpoint', { schema: endpointIdSchema }) id: EndpointId) {
    return this.endpoints.setStatus(caller, id, 'active');
  }

  @Post(':endpoint/rotate-secret')
  @HttpCode(200)
  @OperatorOnly()
  @ApiOperation({
    summary: 'Rotate the secret',
    description: 'Messages carry a signature of the new and of the last secret, until the next rotation.',
  })
  @ApiAnswer(200, 'The endpoint, with its new secret.', createdDeliveryEndpointSchema)
  rotateSecret(
    @CurrentCaller() caller: Caller,
    @Param('endpoint', { schema: endpointIdSchema }) id: EndpointId,
    @Body({ schema: rotateSecretBodySchema }) body: RotateSecretBody,
  ) {
    return this.endpoints.rotateSecret(caller, id, body);
  }

  @Post(':endpoint/ping')
  @HttpCode(202)
  @OperatorOnly()
  @ApiOperation({ summary: 'Send a test message', description: 'Ask for the delivery to see what came of it.' })
  @ApiAnswer(202, 'The delivery of the message.', deliverySchema)
  ping(@CurrentCaller() caller: Caller, @Param('endpoint', { schema: endpointIdSchema }) id: EndpointId) {
    return this.endpoints.ping(caller, id);
  }
}
