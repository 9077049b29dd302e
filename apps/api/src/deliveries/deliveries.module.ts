import { Module } from '@nestjs/common';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveryEndpointsController } from './delivery-endpoints.controller.js';
import { DeliveryEndpointsService } from './delivery-endpoints.service.js';

@Module({
  controllers: [DeliveryEndpointsController, DeliveriesController],
  providers: [DeliveryEndpointsService, DeliveriesService],
})
export class DeliveriesModule {}
