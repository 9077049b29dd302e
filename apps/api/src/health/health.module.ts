import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { ProblemsController } from './problems.controller.js';

@Module({ controllers: [HealthController, ProblemsController], providers: [HealthService] })
export class HealthModule {}
