import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiExtension, ApiHeader } from '@nestjs/swagger';
import type { ProblemCode, Scope } from '@tenon/contracts';
import { ApiProblems } from '../openapi/answers.decorators.js';

/** Who may call a route. A route without one of these decorators stops the boot. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'operator' }
  /** For one tenant: its own keys with the scope, and operator keys that name the tenant. */
  | { readonly kind: 'tenant'; readonly scope: Scope; readonly tenantFrom: 'header' | 'path' }
  /** What all tenants may read alike. */
  | { readonly kind: 'shared'; readonly scope: Scope };

export interface RouteSettings {
  readonly access: Access;
  /** The largest body of this route, where it differs from the default. */
  readonly bodyBytesMax?: number;
}

type RouteExtras = Omit<RouteSettings, 'access'>;

function access(rule: Access, extras: RouteExtras, problems: readonly ProblemCode[], ...more: MethodDecorator[]) {
  const settings: RouteSettings = { access: rule, ...extras };
  return applyDecorators(RouteConfig({ tenon: settings }), ApiProblems(...problems), ...more);
}

/** Anybody, without a key. */
export const Public = (extras: RouteExtras = {}) => access({ kind: 'public' }, extras, []);

/** Operator keys only. */
export const OperatorOnly = (extras: RouteExtras = {}) =>
  access(
    { kind: 'operator' },
    extras,
    ['unauthenticated', 'insufficient_scope'],
    ApiBearerAuth('key'),
    ApiExtension('x-tenon-access', 'operator'),
  );

const tenantProblems: readonly ProblemCode[] = [
  'unauthenticated',
  'insufficient_scope',
  'tenant_required',
  'tenant_suspended',
  'not_found',
];

/** Keys of the tenant that hold `scope`, and operator keys with a `Tenant-Id` header. */
export const Allow = (scope: Scope, extras: RouteExtras = {}) =>
  access(
    { kind: 'tenant', scope, tenantFrom: 'header' },
    extras,
    tenantProblems,
    ApiBearerAuth('key'),
    ApiExtension('x-tenon-access', scope),
    ApiHeader({ name: 'Tenant-Id', required: false, description: 'With an operator key: the tenant to act for.' }),
  );

/** Keys of the tenant in the path (`:tenant`) that hold `scope`, and operator keys. */
export const AllowForTenantInPath = (scope: Scope, extras: RouteExtras = {}) =>
  access(
    { kind: 'tenant', scope, tenantFrom: 'path' },
    extras,
    tenantProblems,
    ApiBearerAuth('key'),
    ApiExtension('x-tenon-access', scope),
  );

/** Any key that holds `scope`: what is read is the operator's and the same for every tenant. */
export const AllowAnyTenant = (scope: Scope, extras: RouteExtras = {}) =>
  access(
    { kind: 'shared', scope },
    extras,
    ['unauthenticated', 'insufficient_scope', 'tenant_suspended'],
    ApiBearerAuth('key'),
    ApiExtension('x-tenon-access', scope),
  );
