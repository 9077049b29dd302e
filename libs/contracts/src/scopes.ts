import { z } from 'zod';

/** What a tenant key may do; an operator key may do all of it, for any tenant. */
export const scopes = [
  'functions:read',
  'functions:write',
  'events:write',
  'executions:read',
  'audit:read',
  'webhooks:read',
  'webhooks:write',
  'keys:write',
  'members:read',
  'members:write',
  'tenant:export',
] as const;

export type Scope = (typeof scopes)[number];
/** One scope of a key. */
export const scopeSchema = z.enum(scopes);

/** What a person is in a tenant. */
export const roles = ['owner', 'developer', 'viewer'] as const;
export type Role = (typeof roles)[number];
/** One role. */
export const roleSchema = z.enum(roles);

/** The least that one has to be for a scope. Every scope stands here, so that a new one can't be forgotten. */
const leastRole: Readonly<Record<Scope, Role>> = {
  'functions:read': 'viewer',
  'functions:write': 'developer',
  'events:write': 'developer',
  'executions:read': 'viewer',
  'audit:read': 'viewer',
  'webhooks:read': 'viewer',
  'webhooks:write': 'developer',
  'keys:write': 'developer',
  'members:read': 'viewer',
  'members:write': 'owner',
  'tenant:export': 'owner',
};

/** What a member with `role` may do: an owner everything, a viewer nothing but look. */
export function scopesOfRole(role: Role): readonly Scope[] {
  return scopes.filter((scope) => roles.indexOf(role) <= roles.indexOf(leastRole[scope]));
}
