import { Module } from '@nestjs/common';
import { ExtensionPointsController } from './extension-points.controller.js';
import { ExtensionPointsService } from './extension-points.service.js';

@Module({ controllers: [ExtensionPointsController], providers: [ExtensionPointsService] })
export class ExtensionPointsModule {}
