import { Module } from '@nestjs/common';
import { EventLine } from './event-line.js';
import { EventsController } from './events.controller.js';
import { EventsService } from './events.service.js';
import { PointCatalog } from './point-catalog.js';

@Module({
  controllers: [EventsController],
  providers: [EventLine, EventsService, PointCatalog],
  exports: [EventLine, EventsService],
})
export class EventsModule {}
