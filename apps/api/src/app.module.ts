import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import type { IdentitySettings } from './auth/identity-settings.js';
import { DeliveriesModule } from './deliveries/deliveries.module.js';
import { EventsModule } from './events/events.module.js';
import { ExecutionsModule } from './executions/executions.module.js';
import { ExtensionPointsModule } from './extension-points/extension-points.module.js';
import { FunctionsModule } from './functions/functions.module.js';
import { HealthModule } from './health/health.module.js';
import { InvitationsModule } from './invitations/invitations.module.js';
import { KeysModule } from './keys/keys.module.js';
import { MembersModule } from './members/members.module.js';
import { OidcModule } from './oidc/oidc.module.js';
import { OperatorsModule } from './operators/operators.module.js';
import { PlansModule } from './plans/plans.module.js';
import { type Platform, platformModule } from './platform/platform.module.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';
import { ReplaysModule } from './replays/replays.module.js';
import { RunsModule } from './runs/runs.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StreamModule } from './stream/stream.module.js';
import { TenantsModule } from './tenants/tenants.module.js';
import { UsageModule } from './usage/usage.module.js';
import { VersionsModule } from './versions/versions.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

const features = [
  HealthModule,
  TenantsModule,
  KeysModule,
  MembersModule,
  InvitationsModule,
  OperatorsModule,
  OidcModule,
  SessionsModule,
  PlansModule,
  ExtensionPointsModule,
  FunctionsModule,
  VersionsModule,
  EventsModule,
  WebhooksModule,
  DeliveriesModule,
  ExecutionsModule,
  ReplaysModule,
  RunsModule,
  StreamModule,
  UsageModule,
  AuditModule,
];

@Module({})
class AppModule {}

/** Every feature, on one platform. */
export function appModule(platform: Platform, identity: IdentitySettings): DynamicModule {
  return { module: AppModule, imports: [platformModule(platform, identity), AuthModule, RateLimitModule, ...features] };
}
