export type {
  BucketState,
  EventsVerdict,
  Quotas,
  QuotaWarning,
  ReadTruth,
  RequestCaller,
  RequestVerdict,
  TenantTruth,
  UsedQuota,
} from './quota.types.js';
export { quotaState } from './quota-store.js';
export { openQuotas, type QuotasOptions } from './quotas.js';
