import { Global, Module } from '@nestjs/common';
import { QuotaChanges } from './quota-changes.js';

/** Quotas for every feature that changes what they are. */
@Global()
@Module({ providers: [QuotaChanges], exports: [QuotaChanges] })
export class RateLimitModule {}
