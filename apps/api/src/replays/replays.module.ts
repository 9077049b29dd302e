import { Module } from '@nestjs/common';
import { ExecutionsModule } from '../executions/executions.module.js';
import { ReplaysController } from './replays.controller.js';
import { ReplaysService } from './replays.service.js';

@Module({ imports: [ExecutionsModule], controllers: [ReplaysController], providers: [ReplaysService] })
export class ReplaysModule {}
