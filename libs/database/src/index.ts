export type { AuditDraft, AuditEntry, ChainBreak, VerificationResult } from '@tenon/audit';
export { PrivilegeError } from './connection/least-privilege.js';
export { type DatabaseRole, databaseRoles } from './connection/roles.js';
export * from './database.js';
export { type MigrateOptions, type MigrateResult, migrate } from './migrations/migrate.js';
export { MigrationError } from './migrations/migration.errors.js';
export { ensureRuntimeLogin, type RuntimeLogin, urlWithLogin } from './migrations/runtime-login.js';
export type { OperatorTransaction } from './operator-transaction.js';
export type { Page, PageRequest } from './page.js';
export type { AuthenticatedKey, ReceivingSource } from './pipeline/authentication.repository.js';
export type { AcceptedEvent, EventStatus, NewEvent, StoredEvent } from './pipeline/events.repository.js';
export type {
  ExecutionKind,
  ExecutionRecord,
  ExecutionSummary,
  StoredExecution,
} from './pipeline/execution-record.js';
export type { ExecutionFilter } from './pipeline/executions.repository.js';
export type { RunnableFunction, RunnablePoint } from './pipeline/live-functions.repository.js';
export type { ClaimedEvent, UnfinishedBuild } from './pipeline/outbox.repository.js';
export type { RecordBatch, RecordedBatch } from './pipeline/recorder.repository.js';
export type { FunctionUsage } from './pipeline/usage.repository.js';
export type { Deployment } from './repositories/deployments.repository.js';
export type {
  ExtensionPoint,
  ExtensionPointTerms,
  FailurePolicy,
  JsonObject,
  PointMode,
} from './repositories/extension-points.repository.js';
export type { TenantFunction } from './repositories/functions.repository.js';
export type { ApiKey, NewApiKey } from './repositories/keys.repository.js';
export type { Plan, PlanTerms } from './repositories/plans.repository.js';
export type { Tenant, TenantStatus } from './repositories/tenants.repository.js';
export type { BuildOutcome, Version, VersionStatus } from './repositories/versions.repository.js';
export type { StoredMapping, WebhookScheme, WebhookSource } from './repositories/webhook-sources.repository.js';
export type { TenantTransaction } from './tenant-transaction.js';
