import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Id, Scope } from '@tenon/contracts';
import type { FastifyRequest } from 'fastify';

/** Whoever holds the key of a request. */
export interface Caller {
  readonly keyId: Id<'key'>;
  readonly kind: 'operator' | 'tenant';
  /** What the key may do; operator keys may do everything. */
  readonly scopes: readonly Scope[];
  readonly requestId: string;
}

/** A caller together with the tenant that the request is for. */
export interface TenantCaller extends Caller {
  readonly tenantId: Id<'tenant'>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access hook before the body is read; absent on public routes. */
    tenonCaller?: Caller;
    tenonTenantId?: Id<'tenant'>;
  }
}

/** Hands the caller of an authenticated route to its handler. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  return callerOf(context.switchToHttp().getRequest<FastifyRequest>());
});

/** Hands the caller and its tenant to the handler of a tenant's route. */
export const CurrentTenant = createParamDecorator((_data: unknown, context: ExecutionContext): TenantCaller => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const tenantId = request.tenonTenantId;
  if (tenantId === undefined) throw new Error('the route is not one of a tenant: its access decorator is wrong');
  return { ...callerOf(request), tenantId };
});

function callerOf(request: FastifyRequest): Caller {
  if (request.tenonCaller === undefined) throw new Error('the route is public: it has no caller');
  return request.tenonCaller;
}
