import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';
import { AuditDesk } from './audit-desk.js';
import { AuditKeeper } from './audit-keeper.js';
import { OperatorAuditController } from './operator-audit.controller.js';

@Module({
  controllers: [AuditController, OperatorAuditController],
  providers: [AuditService, AuditDesk, AuditKeeper],
})
export class AuditModule {}
