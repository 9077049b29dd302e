import { newId, type Scope } from '@tenon/contracts';
import type { World } from './support/world.js';

/** How one operation is reached, and what a stranger must not learn from it. */
export interface RouteCase {
  /** As in the OpenAPI document. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly who: 'public' | 'operator' | 'shared' | 'tenant';
  readonly scope?: Scope;
  readonly url: (world: World) => string;
  /** The same question about something that does not exist: a stranger's answer must equal it byte for byte. */
  readonly missing?: string;
  readonly payload?: (world: World) => object | Buffer;
  readonly type?: string;
}

const missingVersion = newId('version');
const missingTenant = newId('tenant');
const wasm = { payload: () => Buffer.from('module'), type: 'application/wasm' } as const;
const keyPayload = () => ({ name: 'x', scopes: ['functions:read'] });
const point = () => ({ inputSchema: {}, outputSchema: {} });
const of = (
  operation: string,
  method: RouteCase['method'],
  url: RouteCase['url'],
  more: Omit<RouteCase, 'operation' | 'method' | 'url'>,
): RouteCase => ({ operation, method, url, ...more });
const tenantOnly = (scope: Scope) => ({ who: 'tenant', scope }) as const;

/** Every route of the api. A test fails when one is missing here. */
export const routeCases: readonly RouteCase[] = [
  of('healthLive', 'GET', () => '/healthz', { who: 'public' }),
  of('healthReady', 'GET', () => '/readyz', { who: 'public' }),
  of('metricsScrape', 'GET', () => '/metrics', { who: 'operator' }),
  of('problemsList', 'GET', () => '/v1/problems', { who: 'public' }),
  of('webhooksReceive', 'POST', () => `/v1/webhooks/${newId('webhookSource')}`, { who: 'public', payload: () => ({}) }),
  of('tenantsCreate', 'POST', () => '/v1/tenants', { who: 'operator', payload: () => ({ name: 'x' }) }),
  of('tenantsList', 'GET', () => '/v1/tenants', { who: 'operator' }),
  of('tenantsGet', 'GET', ({ tenant }) => `/v1/tenants/${tenant.id}`, { who: 'operator' }),
  of('plansPut', 'PUT', () => '/v1/plans/p', { who: 'operator', payload: () => ({}) }),
  of('plansGet', 'GET', () => '/v1/plans/default', { who: 'operator' }),
  of('extensionPointsPut', 'PUT', () => '/v1/extension-points/other', { who: 'operator', payload: point }),
  of('extensionPointsList', 'GET', () => '/v1/extension-points', { who: 'shared', scope: 'functions:read' }),
  of('extensionPointsGet', 'GET', () => '/v1/extension-points/discounts', { who: 'shared', scope: 'functions:read' }),
  of('keysCreate', 'POST', ({ tenant }) => `/v1/tenants/${tenant.id}/keys`, {
    ...tenantOnly('keys:write'),
    missing: `/v1/tenants/${missingTenant}/keys`,
    payload: keyPayload,
  }),
  of('keysList', 'GET', ({ tenant }) => `/v1/tenants/${tenant.id}/keys`, {
    ...tenantOnly('keys:write'),
    missing: `/v1/tenants/${missingTenant}/keys`,
  }),
  of('keysRevoke', 'DELETE', ({ tenant, keyId }) => `/v1/tenants/${tenant.id}/keys/${keyId}`, {
    ...tenantOnly('keys:write'),
    missing: `/v1/tenants/${missingTenant}/keys/${newId('key')}`,
  }),
  of('functionsCreate', 'POST', () => '/v1/functions', {
    ...tenantOnly('functions:write'),
    payload: () => ({ name: 'another', extensionPoint: 'discounts' }),
  }),
  of('functionsList', 'GET', () => '/v1/functions', tenantOnly('functions:read')),
  of('functionsGet', 'GET', () => '/v1/functions/mine', {
    ...tenantOnly('functions:read'),
    missing: '/v1/functions/none',
  }),
  of('versionsUpload', 'POST', () => '/v1/functions/mine/versions', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none/versions',
    ...wasm,
  }),
  of('versionsList', 'GET', () => '/v1/functions/mine/versions', {
    ...tenantOnly('functions:read'),
    missing: '/v1/functions/none/versions',
  }),
  of('versionsGet', 'GET', ({ version }) => `/v1/functions/mine/versions/${version}`, {
    ...tenantOnly('functions:read'),
    missing: `/v1/functions/mine/versions/${missingVersion}`,
  }),
  of('versionsTest', 'POST', ({ version }) => `/v1/functions/mine/versions/${version}/test`, {
    ...tenantOnly('functions:write'),
    missing: `/v1/functions/mine/versions/${missingVersion}/test`,
    payload: () => ({ input: {} }),
  }),
  of('deploymentsActivate', 'POST', () => '/v1/functions/mine/activate', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none/activate',
    payload: ({ version }) => ({ version }),
  }),
  of('deploymentsRollback', 'POST', () => '/v1/functions/mine/rollback', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none/rollback',
  }),
  of('eventsSend', 'POST', () => '/v1/events', {
    ...tenantOnly('events:write'),
    payload: () => ({
      specversion: '1.0',
      id: newId('request'),
      source: '/s',
      type: 'cart.updated',
      data: { total: 1 },
    }),
  }),
  of('eventsGet', 'GET', ({ event }) => `/v1/events/${event}`, {
    ...tenantOnly('executions:read'),
    missing: `/v1/events/${newId('event')}`,
  }),
  of('webhookSourcesCreate', 'POST', () => '/v1/webhook-sources', {
    ...tenantOnly('webhooks:write'),
    payload: () => ({ name: 'x', scheme: 'standard', mapping: {} }),
  }),
  of('webhookSourcesList', 'GET', () => '/v1/webhook-sources', tenantOnly('webhooks:read')),
  of('webhookSourcesRotateSecret', 'POST', ({ source }) => `/v1/webhook-sources/${source}/rotate-secret`, {
    ...tenantOnly('webhooks:write'),
    missing: `/v1/webhook-sources/${newId('webhookSource')}/rotate-secret`,
    payload: () => ({}),
  }),
  of('webhookSourcesDelete', 'DELETE', ({ source }) => `/v1/webhook-sources/${source}`, {
    ...tenantOnly('webhooks:write'),
    missing: `/v1/webhook-sources/${newId('webhookSource')}`,
  }),
  of('executionsList', 'GET', () => '/v1/executions', tenantOnly('executions:read')),
  of('executionsReadStatistics', 'GET', () => '/v1/executions/statistics', tenantOnly('executions:read')),
  of('executionsGet', 'GET', ({ execution }) => `/v1/executions/${execution}`, {
    ...tenantOnly('executions:read'),
    missing: `/v1/executions/${newId('execution')}`,
  }),
  of('usageGet', 'GET', () => '/v1/usage', tenantOnly('executions:read')),
  of('auditList', 'GET', () => '/v1/audit', tenantOnly('audit:read')),
  of('auditVerify', 'GET', () => '/v1/audit/verify', tenantOnly('audit:read')),
  of('auditExport', 'GET', () => '/v1/audit/export', tenantOnly('audit:read')),
  of('operatorAuditList', 'GET', () => '/v1/operator/audit', { who: 'operator' }),
  of('operatorAuditVerify', 'GET', () => '/v1/operator/audit/verify', { who: 'operator' }),
  of('operatorAuditExport', 'GET', () => '/v1/operator/audit/export', { who: 'operator' }),
];
