import { Module } from '@nestjs/common';
import { EventsController } from './events.controller.js';
import { EventsService } from './events.service.js';
import { PointCatalog } from './point-catalog.js';

@Module({ controllers: [EventsController], providers: [EventsService, PointCatalog], exports: [EventsService] })
export class EventsModule {}
