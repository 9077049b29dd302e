import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type DeliveriesQuery,
  deliveriesQuerySchema,
  deliveryPageSchema,
  deliverySchema,
  deliveryWithAttemptsSchema,
  type Id,
  idSchema,
  type ResendDeliveriesBody,
  resendDeliveriesBodySchema,
  resentDeliveriesSchema,
} from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { DeliveriesService } from './deliveries.service.js';

const deliveryIdSchema = idSchema('delivery');
type DeliveryId = Id<'delivery'>;

@ApiTags('deliveries')
@Controller('v1/deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Get()
  @OperatorOnly()
  @ApiOperation({ summary: 'List deliveries, newest run first' })
  @ApiAnswer(200, 'A page of deliveries.', deliveryPageSchema)
  list(@Query({ schema: deliveriesQuerySchema }) query: DeliveriesQuery) {
    return this.deliveries.list(query);
  }

  @Post('resend')
  @HttpCode(202)
  @OperatorOnly()
  @ApiOperation({
    summary: 'Send finished deliveries again',
    description: 'Oldest first, up to 1,000 in one call; `next` of the answer goes on behind them as `cursor`.',
  })
  @ApiAnswer(202, 'How many are sent again.', resentDeliveriesSchema)
  resendAll(@CurrentCaller() caller: Caller, @Body({ schema: resendDeliveriesBodySchema }) body: ResendDeliveriesBody) {
    return this.deliveries.resendAll(caller, body);
  }

  @Get(':delivery')
  @OperatorOnly()
  @ApiOperation({ summary: 'Show a delivery and its attempts' })
  @ApiAnswer(200, 'The delivery.', deliveryWithAttemptsSchema)
  get(@Param('delivery', { schema: deliveryIdSchema }) id: DeliveryId) {
    return this.deliveries.get(id);
  }

  @Post(':delivery/resend')
  @HttpCode(202)
  @OperatorOnly()
  @ApiProblems('conflict')
  @ApiOperation({ summary: 'Send a finished delivery again', description: 'With the same id, behind what waits.' })
  @ApiAnswer(202, 'The delivery as it is now.', deliverySchema)
  resend(@CurrentCaller() caller: Caller, @Param('delivery', { schema: deliveryIdSchema }) id: DeliveryId) {
    return this.deliveries.resend(caller, id);
  }
}
