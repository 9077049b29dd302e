import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Id, Scope } from '@tenon/contracts';
import type { SignedIn } from '@tenon/database';
import type { FastifyRequest } from 'fastify';

/** Whoever asks: a program with a key, or a person who is signed in. */
export interface Caller {
  /** The key or the person, as the audit log names them. */
  readonly actor: Id<'key'> | Id<'user'>;
  readonly via: 'key' | 'session';
  readonly kind: 'operator' | 'tenant';
  /** What they may do here; operators may do everything. */
  readonly scopes: readonly Scope[];
  readonly requestId: string;
  /** Where the request came from, for the audit log. */
  readonly from: RequestOrigin;
}

/** A session with the token that opened it. */
export interface OpenSession {
  /** Never logged. */
  readonly token: string;
  readonly session: SignedIn;
}

export interface RequestOrigin {
  /** The IP address, by X-Forwarded-For only behind a proxy of one's own. */
  readonly address: string;
  /** At most 200 characters; empty where none was sent. */
  readonly userAgent: string;
}

const userAgentCharactersMax = 200;

/** Where `request` came from, in a form that may be stored. */
export function originOf(request: FastifyRequest): RequestOrigin {
  const userAgent = request.headers['user-agent'] ?? '';
  return { address: request.ip, userAgent: userAgent.slice(0, userAgentCharactersMax).toWellFormed() };
}

/** A caller together with the tenant that the request is for. */
export interface TenantCaller extends Caller {
  readonly tenantId: Id<'tenant'>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access hook before the body is read; absent on public routes. */
    tenonCaller?: Caller;
    /** Set where the caller is a person who is signed in. */
    tenonSession?: OpenSession;
    tenonTenantId?: Id<'tenant'>;
  }
}

/** Hands the caller of an authenticated route to its handler. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  return callerOf(context.switchToHttp().getRequest<FastifyRequest>());
});

/** Hands the caller and its tenant to the handler of a tenant's route. */
export const CurrentTenant = createParamDecorator((_data: unknown, context: ExecutionContext): TenantCaller => {
  return tenantCallerOf(context.switchToHttp().getRequest<FastifyRequest>());
});

/** The caller of a tenant's route and its tenant, for handlers that take the whole request. */
export function tenantCallerOf(request: FastifyRequest): TenantCaller {
  const tenantId = request.tenonTenantId;
  if (tenantId === undefined) throw new Error('the route is not one of a tenant: its access decorator is wrong');
  return { ...callerOf(request), tenantId };
}

/** Hands the session to the handler of a route that only people can ask. */
export const CurrentSession = createParamDecorator((_data: unknown, context: ExecutionContext): OpenSession => {
  const session = context.switchToHttp().getRequest<FastifyRequest>().tenonSession;
  if (session === undefined) throw new Error('the route is not one of a session: its access decorator is wrong');
  return session;
});

function callerOf(request: FastifyRequest): Caller {
  if (request.tenonCaller === undefined) throw new Error('the route is public: it has no caller');
  return request.tenonCaller;
}
