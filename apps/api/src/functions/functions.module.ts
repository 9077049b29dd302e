import { Module } from '@nestjs/common';
import { FunctionOrderController } from './function-order.controller.js';
import { FunctionOrderService } from './function-order.service.js';
import { FunctionsController } from './functions.controller.js';
import { FunctionsService } from './functions.service.js';
import { SettingsController } from './settings.controller.js';
import { SettingsService } from './settings.service.js';

@Module({
  controllers: [FunctionsController, FunctionOrderController, SettingsController],
  providers: [FunctionsService, FunctionOrderService, SettingsService],
})
export class FunctionsModule {}
