import { Global, Module } from '@nestjs/common';
import { AccessService } from './access.service.js';
import { Authenticator } from './authenticator.js';
import { PasswordCheck } from './password-check.js';
import { RefusalLog } from './refusal-log.js';
import { SessionOpener } from './session-opener.js';

const services = [Authenticator, RefusalLog, AccessService, PasswordCheck, SessionOpener];

/** Who asks and what they may do is a question of every feature. */
@Global()
@Module({ providers: services, exports: services })
export class AuthModule {}
