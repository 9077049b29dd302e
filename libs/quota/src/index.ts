export type {
  BucketState,
  EventGroup,
  EventsVerdict,
  QuotaSource,
  Quotas,
  QuotaWarning,
  RequestCaller,
  RequestVerdict,
  TenantTruth,
  UsedQuota,
} from './quota.types.js';
export { openQuotas, type QuotasOptions } from './quotas.js';
