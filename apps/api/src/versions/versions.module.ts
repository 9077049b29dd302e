import { Module } from '@nestjs/common';
import { ExecutionsModule } from '../executions/executions.module.js';
import { BuildProgressService } from './build-progress.service.js';
import { DeploymentsController } from './deployments.controller.js';
import { DeploymentsService } from './deployments.service.js';
import { TestRunsService } from './test-runs.service.js';
import { VersionsController } from './versions.controller.js';
import { VersionsService } from './versions.service.js';

@Module({
  imports: [ExecutionsModule],
  controllers: [VersionsController, DeploymentsController],
  providers: [BuildProgressService, VersionsService, DeploymentsService, TestRunsService],
})
export class VersionsModule {}
