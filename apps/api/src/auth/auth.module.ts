import { Module } from '@nestjs/common';
import { AccessService } from './access.service.js';
import { Authenticator } from './authenticator.js';
import { PasswordCheck } from './password-check.js';
import { RefusalLog } from './refusal-log.js';
import { SessionOpener } from './session-opener.js';

const services = [Authenticator, RefusalLog, AccessService, PasswordCheck, SessionOpener];

@Module({ providers: services, exports: services })
export class AuthModule {}
