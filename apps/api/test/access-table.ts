import { newId, type Scope } from '@tenon/contracts';
import type { World } from './support/world.js';

/** How one operation is reached, and what a stranger must not learn from it. */
export interface RouteCase {
  /** As in the OpenAPI document. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly who: 'public' | 'session' | 'operator' | 'shared' | 'tenant';
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
const choice = () => ({ ids: [newId('event')] });
const hook = () => ({ name: 'x', url: 'https://hooks.example.com/' });
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
  of('tenantsPatch', 'PATCH', ({ other }) => `/v1/tenants/${other}`, {
    who: 'operator',
    payload: () => ({ name: 'another name' }),
  }),
  of('tenantsSuspend', 'POST', ({ other }) => `/v1/tenants/${other}/suspend`, {
    who: 'operator',
    payload: () => ({ reason: 'a reason' }),
  }),
  of('tenantsResume', 'POST', ({ sleeping }) => `/v1/tenants/${sleeping}/resume`, { who: 'operator' }),
  of('tenantsErase', 'DELETE', ({ sleeping }) => `/v1/tenants/${sleeping}`, { who: 'operator' }),
  of('tenantsErasure', 'GET', ({ sleeping }) => `/v1/tenants/${sleeping}/erasure`, { who: 'operator' }),
  of('tenantExportExport', 'GET', ({ tenant }) => `/v1/tenants/${tenant.id}/export`, {
    ...tenantOnly('tenant:export'),
    missing: `/v1/tenants/${missingTenant}/export`,
  }),
  of('membersList', 'GET', ({ tenant }) => `/v1/tenants/${tenant.id}/members`, {
    ...tenantOnly('members:read'),
    missing: `/v1/tenants/${missingTenant}/members`,
  }),
  of('membersGet', 'GET', ({ tenant, member }) => `/v1/tenants/${tenant.id}/members/${member}`, {
    ...tenantOnly('members:read'),
    missing: `/v1/tenants/${missingTenant}/members/${newId('user')}`,
  }),
  of('membersPut', 'PUT', ({ tenant, member }) => `/v1/tenants/${tenant.id}/members/${member}`, {
    ...tenantOnly('members:write'),
    missing: `/v1/tenants/${missingTenant}/members/${newId('user')}`,
    payload: () => ({ role: 'developer' }),
  }),
  of('membersRemove', 'DELETE', ({ tenant, member }) => `/v1/tenants/${tenant.id}/members/${member}`, {
    ...tenantOnly('members:write'),
    missing: `/v1/tenants/${missingTenant}/members/${newId('user')}`,
  }),
  of('invitationsCreate', 'POST', ({ tenant }) => `/v1/tenants/${tenant.id}/invitations`, {
    ...tenantOnly('members:write'),
    missing: `/v1/tenants/${missingTenant}/invitations`,
    payload: () => ({ email: 'somebody@example.com', role: 'viewer' }),
  }),
  of('invitationsList', 'GET', ({ tenant }) => `/v1/tenants/${tenant.id}/invitations`, {
    ...tenantOnly('members:read'),
    missing: `/v1/tenants/${missingTenant}/invitations`,
  }),
  of('invitationsRevoke', 'DELETE', ({ tenant, invitation }) => `/v1/tenants/${tenant.id}/invitations/${invitation}`, {
    ...tenantOnly('members:write'),
    missing: `/v1/tenants/${missingTenant}/invitations/${newId('invitation')}`,
  }),
  of('acceptInvitationAccept', 'POST', () => '/v1/invitations/accept', {
    who: 'public',
    payload: () => ({ token: `tni_${'0'.repeat(64)}`, password: 'a long pass phrase' }),
  }),
  of('sessionOpen', 'POST', () => '/v1/session', {
    who: 'public',
    payload: () => ({ email: 'nobody@example.com', password: 'a long pass phrase' }),
  }),
  of('sessionGet', 'GET', () => '/v1/session', { who: 'session' }),
  of('sessionClose', 'DELETE', () => '/v1/session', { who: 'session' }),
  of('sessionChangePassword', 'PUT', () => '/v1/session/password', {
    who: 'session',
    payload: () => ({ currentPassword: 'not the one', newPassword: 'a long pass phrase' }),
  }),
  of('sessionsList', 'GET', () => '/v1/sessions', { who: 'session' }),
  of('sessionsRevoke', 'DELETE', ({ session }) => `/v1/sessions/${session}`, {
    who: 'session',
    missing: `/v1/sessions/${newId('session')}`,
  }),
  of('oidcBegin', 'GET', () => '/v1/oidc/sign-in', { who: 'public' }),
  of('oidcFinish', 'GET', () => '/v1/oidc/callback', { who: 'public' }),
  of('operatorsList', 'GET', () => '/v1/operators', { who: 'operator' }),
  of('operatorsDismiss', 'DELETE', ({ operator }) => `/v1/operators/${operator}`, { who: 'operator' }),
  of('operatorsInvite', 'POST', () => '/v1/operator-invitations', {
    who: 'operator',
    payload: () => ({ email: 'somebody@example.com' }),
  }),
  of('operatorsListInvitations', 'GET', () => '/v1/operator-invitations', { who: 'operator' }),
  of(
    'operatorsRevokeInvitation',
    'DELETE',
    ({ operatorInvitation }) => `/v1/operator-invitations/${operatorInvitation}`,
    { who: 'operator' },
  ),
  of('operatorKeysCreate', 'POST', () => '/v1/operator-keys', { who: 'operator', payload: () => ({ name: 'x' }) }),
  of('operatorKeysList', 'GET', () => '/v1/operator-keys', { who: 'operator' }),
  of('operatorKeysRotate', 'POST', ({ operatorKeyId }) => `/v1/operator-keys/${operatorKeyId}/rotate`, {
    who: 'operator',
    payload: () => ({}),
  }),
  of('operatorKeysRevoke', 'DELETE', ({ operatorKeyId }) => `/v1/operator-keys/${operatorKeyId}`, { who: 'operator' }),
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
  of('keysRotate', 'POST', ({ tenant, keyId }) => `/v1/tenants/${tenant.id}/keys/${keyId}/rotate`, {
    ...tenantOnly('keys:write'),
    missing: `/v1/tenants/${missingTenant}/keys/${newId('key')}/rotate`,
    payload: () => ({}),
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
  of('extensionPointsVersions', 'GET', () => '/v1/extension-points/discounts/versions', {
    who: 'shared',
    scope: 'functions:read',
  }),
  of('functionOrderGet', 'GET', () => '/v1/extension-points/discounts/functions', tenantOnly('functions:read')),
  of('functionOrderPut', 'PUT', () => '/v1/extension-points/unused/functions', {
    ...tenantOnly('functions:write'),
    // Nobody has a function there, so this is the order of none.
    payload: () => ({ functions: [] }),
  }),
  of('functionsPause', 'POST', () => '/v1/functions/mine/pause', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none/pause',
  }),
  of('functionsResume', 'POST', () => '/v1/functions/mine/resume', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none/resume',
  }),
  of('settingsGet', 'GET', () => '/v1/functions/mine/settings', {
    ...tenantOnly('functions:read'),
    missing: '/v1/functions/none/settings',
  }),
  of('settingsPut', 'PUT', () => '/v1/functions/mine/settings', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none/settings',
    payload: () => ({ value: { percent: 5 } }),
  }),
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
  of(
    'versionsPutSettingsSchema',
    'PUT',
    ({ spareVersion }) => `/v1/functions/spare/versions/${spareVersion}/settings-schema`,
    {
      ...tenantOnly('functions:write'),
      missing: `/v1/functions/spare/versions/${missingVersion}/settings-schema`,
      payload: () => ({ schema: { type: 'object' } }),
    },
  ),
  of('versionsProgress', 'GET', ({ spareVersion }) => `/v1/functions/spare/versions/${spareVersion}/progress`, {
    ...tenantOnly('functions:read'),
    missing: `/v1/functions/spare/versions/${missingVersion}/progress`,
  }),
  of('versionsDelete', 'DELETE', ({ spareVersion }) => `/v1/functions/spare/versions/${spareVersion}`, {
    ...tenantOnly('functions:write'),
    missing: `/v1/functions/spare/versions/${missingVersion}`,
  }),
  of('functionsDelete', 'DELETE', () => '/v1/functions/spare', {
    ...tenantOnly('functions:write'),
    missing: '/v1/functions/none',
  }),
  of('deploymentsList', 'GET', () => '/v1/functions/mine/deployments', {
    ...tenantOnly('functions:read'),
    missing: '/v1/functions/none/deployments',
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
  of('eventsList', 'GET', () => '/v1/events', tenantOnly('executions:read')),
  of('eventsRelease', 'POST', () => '/v1/events/release', { ...tenantOnly('events:write'), payload: choice }),
  of('eventsReleaseOne', 'POST', ({ event }) => `/v1/events/${event}/release`, {
    ...tenantOnly('events:write'),
    missing: `/v1/events/${newId('event')}/release`,
  }),
  of('eventsCancel', 'POST', ({ event }) => `/v1/events/${event}/cancel`, {
    ...tenantOnly('events:write'),
    missing: `/v1/events/${newId('event')}/cancel`,
  }),
  of('deadLettersList', 'GET', () => '/v1/dead-letters', tenantOnly('executions:read')),
  of('deadLettersReplay', 'POST', () => '/v1/dead-letters/replay', { ...tenantOnly('events:write'), payload: choice }),
  of('deadLettersDiscard', 'POST', () => '/v1/dead-letters/discard', {
    ...tenantOnly('events:write'),
    payload: choice,
  }),
  of('deadLettersReplayOne', 'POST', ({ event }) => `/v1/dead-letters/${event}/replay`, {
    ...tenantOnly('events:write'),
    missing: `/v1/dead-letters/${newId('event')}/replay`,
  }),
  of('deadLettersDiscardOne', 'DELETE', ({ event }) => `/v1/dead-letters/${event}`, {
    ...tenantOnly('events:write'),
    missing: `/v1/dead-letters/${newId('event')}`,
  }),
  of('webhookSourcesCreate', 'POST', () => '/v1/webhook-sources', {
    ...tenantOnly('webhooks:write'),
    payload: () => ({ name: 'x', scheme: 'standard', mapping: {} }),
  }),
  of('webhookSourcesList', 'GET', () => '/v1/webhook-sources', tenantOnly('webhooks:read')),
  of('webhookSourcesGet', 'GET', ({ source }) => `/v1/webhook-sources/${source}`, {
    ...tenantOnly('webhooks:read'),
    missing: `/v1/webhook-sources/${newId('webhookSource')}`,
  }),
  of('webhookSourcesPut', 'PUT', ({ source }) => `/v1/webhook-sources/${source}`, {
    ...tenantOnly('webhooks:write'),
    missing: `/v1/webhook-sources/${newId('webhookSource')}`,
    payload: () => ({ name: 'x', mapping: {} }),
  }),
  of('webhookSourcesRotateSecret', 'POST', ({ source }) => `/v1/webhook-sources/${source}/rotate-secret`, {
    ...tenantOnly('webhooks:write'),
    missing: `/v1/webhook-sources/${newId('webhookSource')}/rotate-secret`,
    payload: () => ({}),
  }),
  of('webhookSourcesDelete', 'DELETE', ({ source }) => `/v1/webhook-sources/${source}`, {
    ...tenantOnly('webhooks:write'),
    missing: `/v1/webhook-sources/${newId('webhookSource')}`,
  }),
  of('runsRun', 'POST', () => '/v1/extension-points/cart.discounts/run', {
    ...tenantOnly('events:write'),
    payload: () => ({ input: {} }),
  }),
  of('replaysReplay', 'POST', ({ execution }) => `/v1/executions/${execution}/replay`, {
    ...tenantOnly('functions:write'),
    missing: `/v1/executions/${newId('execution')}/replay`,
    payload: () => ({ input: {} }),
  }),
  of('executionsList', 'GET', () => '/v1/executions', tenantOnly('executions:read')),
  of('streamWatch', 'GET', () => '/v1/executions/stream?follow=false', tenantOnly('executions:read')),
  of('executionsReadStatistics', 'GET', () => '/v1/executions/statistics', tenantOnly('executions:read')),
  of('executionsGet', 'GET', ({ execution }) => `/v1/executions/${execution}`, {
    ...tenantOnly('executions:read'),
    missing: `/v1/executions/${newId('execution')}`,
  }),
  of('usageGet', 'GET', () => '/v1/usage', tenantOnly('executions:read')),
  of('auditList', 'GET', () => '/v1/audit', tenantOnly('audit:read')),
  of('deliveryEndpointsCreate', 'POST', () => '/v1/delivery-endpoints', { who: 'operator', payload: hook }),
  of('deliveryEndpointsList', 'GET', () => '/v1/delivery-endpoints', { who: 'operator' }),
  of('deliveryEndpointsGet', 'GET', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}`, { who: 'operator' }),
  of('deliveryEndpointsPut', 'PUT', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}`, {
    who: 'operator',
    payload: hook,
  }),
  of('deliveryEndpointsDelete', 'DELETE', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}`, { who: 'operator' }),
  of('deliveryEndpointsPause', 'POST', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}/pause`, {
    who: 'operator',
  }),
  of('deliveryEndpointsResume', 'POST', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}/resume`, {
    who: 'operator',
  }),
  of('deliveryEndpointsRotateSecret', 'POST', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}/rotate-secret`, {
    who: 'operator',
    payload: () => ({}),
  }),
  of('deliveryEndpointsPing', 'POST', ({ endpoint }) => `/v1/delivery-endpoints/${endpoint}/ping`, { who: 'operator' }),
  of('deliveriesList', 'GET', () => '/v1/deliveries', { who: 'operator' }),
  of('deliveriesResendAll', 'POST', () => '/v1/deliveries/resend', { who: 'operator', payload: () => ({}) }),
  of('deliveriesGet', 'GET', ({ delivery }) => `/v1/deliveries/${delivery}`, { who: 'operator' }),
  of('deliveriesResend', 'POST', ({ delivery }) => `/v1/deliveries/${delivery}/resend`, { who: 'operator' }),
  of('auditVerify', 'GET', () => '/v1/audit/verify', tenantOnly('audit:read')),
  of('auditExport', 'GET', () => '/v1/audit/export', tenantOnly('audit:read')),
  of('operatorAuditList', 'GET', () => '/v1/operator/audit', { who: 'operator' }),
  of('operatorAuditVerify', 'GET', () => '/v1/operator/audit/verify', { who: 'operator' }),
  of('operatorAuditExport', 'GET', () => '/v1/operator/audit/export', { who: 'operator' }),
];
