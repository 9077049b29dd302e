import { Global, Module } from '@nestjs/common';
import { EventQuota } from './event-quota.js';
import { QuotaChanges } from './quota-changes.js';

/** Quotas, for every feature that uses them up or changes what they are. */
@Global()
@Module({ providers: [EventQuota, QuotaChanges], exports: [EventQuota, QuotaChanges] })
export class RateLimitModule {}
