import { Module } from '@nestjs/common';
import { createMetrics } from '@tenon/telemetry';
import { METRICS } from '../platform/tokens.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MetricsController } from './metrics.controller.js';
import { ProblemsController } from './problems.controller.js';

const metrics = { provide: METRICS, useFactory: () => createMetrics('api') };

@Module({
  controllers: [HealthController, MetricsController, ProblemsController],
  providers: [HealthService, metrics],
  exports: [METRICS],
})
export class HealthModule {}
