import { Module } from '@nestjs/common';
import { DeadLettersController } from './dead-letters.controller.js';
import { EventActionsService } from './event-actions.service.js';
import { EventLine } from './event-line.js';
import { EventsController } from './events.controller.js';
import { EventsService } from './events.service.js';
import { PointCatalog } from './point-catalog.js';

@Module({
  controllers: [EventsController, DeadLettersController],
  providers: [EventLine, EventActionsService, EventsService, PointCatalog],
  exports: [EventLine, EventsService],
})
export class EventsModule {}
