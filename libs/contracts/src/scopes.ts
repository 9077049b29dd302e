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
] as const;

export type Scope = (typeof scopes)[number];
/** One scope of a key. */
export const scopeSchema = z.enum(scopes);
