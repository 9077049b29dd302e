import { type DynamicModule, Module } from '@nestjs/common';
import { BuildsModule } from './builds/builds.module.js';
import { DeliveriesModule } from './deliveries/deliveries.module.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { ExecutionsModule } from './executions/executions.module.js';
import { InternalHttpModule } from './internal-http/internal-http.module.js';
import { MaintenanceModule } from './maintenance/maintenance.module.js';
import { type Platform, platformModule } from './platform/platform.module.js';
import { QuotaModule } from './quota/quota.module.js';
import { RelayModule } from './relay/relay.module.js';

@Module({})
class WorkerModule {}

/** The whole worker, on a platform that somebody else opened. */
export function workerModule(platform: Platform): DynamicModule {
  const features = [
    RelayModule,
    QuotaModule,
    ExecutionsModule,
    BuildsModule,
    DeliveriesModule,
    ErasureModule,
    MaintenanceModule,
    InternalHttpModule,
  ];
  return { module: WorkerModule, imports: [platformModule(platform), ...features] };
}
