export type { AuditDraft, AuditRecord, ChainBreak, ChainHead } from '@tenon/audit';
export { type Claim, underClaim } from './connection/claim.js';
export { PrivilegeError } from './connection/least-privilege.js';
export { type DatabaseRole, databaseRoles } from './connection/roles.js';
export * from './database.js';
export type { IdentityTransaction } from './identity-transaction.js';
export { type MigrateOptions, type MigrateResult, migrate } from './migrations/migrate.js';
export { MigrationError } from './migrations/migration.errors.js';
export { ensureRuntimeLogin, type RuntimeLogin, urlWithLogin } from './migrations/runtime-login.js';
export type { OperatorTransaction } from './operator-transaction.js';
export type { Page, PageRequest } from './page.js';
export type { ChainExport, ChainVerification, VerifyOptions } from './pipeline/audit-trail.repository.js';
export type { AuthenticatedKey, ReceivingSource, SignedIn } from './pipeline/authentication.repository.js';
export type { CircuitOpening, OpenCircuit } from './pipeline/breakers.repository.js';
export type {
  AttemptRecord,
  ClaimedDelivery,
  CourierEndpoint,
  EndpointNews,
} from './pipeline/courier.repository.js';
export type { ErasureStep } from './pipeline/erasure.repository.js';
export type { EventFilter, EventStatus } from './pipeline/event-status.js';
export type {
  AuditOfChange,
  EventChoice,
  EventTodo,
  PointTodo,
  ReadyEvent,
  WorkBatch,
  WorkEvent,
} from './pipeline/event-work.repository.js';
export type {
  AcceptedEvent,
  EventSummary,
  NewEvent,
  StoredEvent,
  StoredPointResult,
} from './pipeline/events.repository.js';
export type { FedExecution, FeedPart, FeedPlace, ListedPart, ListedRun } from './pipeline/execution-feed.repository.js';
export type { ExecutionFilter } from './pipeline/execution-filter.js';
export type {
  ExecutionKind,
  ExecutionRecord,
  ExecutionSummary,
  StoredExecution,
} from './pipeline/execution-record.js';
export type {
  EarlierRequest,
  IdempotencyScope,
  IdempotentRequest,
  KeptAnswer,
} from './pipeline/idempotency.repository.js';
export type { RunnableFunction, RunnablePoint } from './pipeline/live-functions.repository.js';
export type { OutboxEvent, UnfinishedBuild } from './pipeline/outbox.repository.js';
export type { TenantLimits, TenantQuota } from './pipeline/quota.repository.js';
export type {
  AgainEvent,
  DoneEvent,
  PointResult,
  PointStep,
  RecordBatch,
  RecordedBatch,
  TenantBatch,
} from './pipeline/record-batch.js';
export { batchesTogetherMax } from './pipeline/recorder.repository.js';
export type { RunStatistics, StatisticsRequest, StatisticsSeries } from './pipeline/statistics.js';
export type { ExportPart, ExportPlace } from './pipeline/tenant-export.repository.js';
export type { FunctionUsage } from './pipeline/usage.repository.js';
export type { AuditFilter } from './repositories/audit.repository.js';
export type {
  Delivery,
  DeliveryAttempt,
  DeliveryFilter,
  DeliveryStatus,
} from './repositories/deliveries.repository.js';
export type {
  DeliveryEndpoint,
  DeliveryOrdering,
  DeliveryOutcomes,
  EndpointStatus,
  EndpointTerms,
} from './repositories/delivery-endpoints.repository.js';
export type { Deployment } from './repositories/deployments.repository.js';
export type {
  ExtensionPoint,
  ExtensionPointTerms,
  ExtensionPointVersion,
  FailurePolicy,
  JsonObject,
  LiveFunctions,
  LiveOnPoint,
  PointMode,
} from './repositories/extension-points.repository.js';
export type { TenantFunction } from './repositories/functions.repository.js';
export type { Invitation, InvitedRole, NewInvitation } from './repositories/invitations.repository.js';
export type { ApiKey, NewApiKey } from './repositories/keys.repository.js';
export type { ThrottleSubject } from './repositories/login-throttles.repository.js';
export type { Member } from './repositories/members.repository.js';
export type { Operator } from './repositories/operators.repository.js';
export type { Plan, PlanTerms } from './repositories/plans.repository.js';
export type { NewSession, Session, SignInMethod } from './repositories/sessions.repository.js';
export type { FunctionSettings } from './repositories/settings.repository.js';
export type { Tenant, TenantChange, TenantErasure, TenantStatus } from './repositories/tenants.repository.js';
export type { NewUser, OidcIdentity, User } from './repositories/users.repository.js';
export type { BuildOutcome, ReadyBuild, Version, VersionStatus } from './repositories/versions.repository.js';
export type { StoredMapping, WebhookScheme, WebhookSource } from './repositories/webhook-sources.repository.js';
export type { TenantTransaction } from './tenant-transaction.js';
