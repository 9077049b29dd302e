import { Module } from '@nestjs/common';
import { TenantExportController } from './tenant-export.controller.js';
import { TenantExportService } from './tenant-export.service.js';
import { TenantStatusService } from './tenant-status.service.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsService } from './tenants.service.js';

@Module({
  controllers: [TenantsController, TenantExportController],
  providers: [TenantsService, TenantStatusService, TenantExportService],
})
export class TenantsModule {}
