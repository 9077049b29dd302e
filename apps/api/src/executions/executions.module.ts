import { Module } from '@nestjs/common';
import { ExecutionsController } from './executions.controller.js';
import { ExecutionsService } from './executions.service.js';
import { StatisticsService } from './statistics.service.js';

@Module({
  controllers: [ExecutionsController],
  providers: [ExecutionsService, StatisticsService],
  exports: [ExecutionsService],
})
export class ExecutionsModule {}
