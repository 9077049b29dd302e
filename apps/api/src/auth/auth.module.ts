import { Module } from '@nestjs/common';
import { AccessService } from './access.service.js';
import { Authenticator } from './authenticator.js';
import { RefusalLog } from './refusal-log.js';

@Module({ providers: [Authenticator, RefusalLog, AccessService], exports: [RefusalLog, AccessService] })
export class AuthModule {}
