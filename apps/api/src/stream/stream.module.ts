import { Module } from '@nestjs/common';
import { ExecutionStreamsService } from './execution-streams.service.js';
import { StreamController } from './stream.controller.js';

/** Executions as they happen. */
@Module({ controllers: [StreamController], providers: [ExecutionStreamsService] })
export class StreamModule {}
