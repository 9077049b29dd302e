import { Module } from '@nestjs/common';
import { OperatorKeysController } from './operator-keys.controller.js';
import { OperatorKeysService } from './operator-keys.service.js';
import { OperatorsController } from './operators.controller.js';
import { OperatorsService } from './operators.service.js';

@Module({
  controllers: [OperatorsController, OperatorKeysController],
  providers: [OperatorsService, OperatorKeysService],
})
export class OperatorsModule {}
