import { randomUUID } from 'node:crypto';
import type { Id, Role } from '@tenon/contracts';
import type { Response } from 'light-my-request';
import { csrfTokenOf, mintToken } from '../../src/auth/session-token.js';
import type { TestApi } from './test-api.js';

export const password = 'a long pass phrase of ours';

/** A person who is signed in, with what their browser holds. */
export interface TestPerson {
  readonly userId: Id<'user'>;
  readonly email: string;
  readonly cookie: string;
  readonly csrfToken: string;
  /** Cookie and token against forged requests, as the dashboard sends them. */
  readonly headers: { readonly cookie: string; readonly 'x-csrf-token': string };
}

let people = 0;

export interface PlantedPerson extends TestPerson {
  readonly sessionId: Id<'session'>;
}

/** Somebody who is signed in, put straight into the database: without a password, and quickly. */
export async function plantPerson(
  api: TestApi,
  memberships: readonly { readonly tenantId: Id<'tenant'>; readonly role: Role }[],
  { operator = false } = {},
): Promise<PlantedPerson> {
  const email = `${randomUUID()}@example.com`;
  const { token, hash: tokenHash } = mintToken('session');
  const { userId, sessionId } = await api.database.asIdentity(async (tx) => {
    const user = await tx.users.create({ email, name: 'Somebody', passwordHash: null });
    if (user === null) throw new Error('the address is taken');
    for (const { tenantId, role } of memberships) await tx.invitations.join(tenantId, user.id, role);
    if (operator) await tx.users.makeOperator(user.id);
    const expiresAt = new Date(Date.now() + 600_000);
    const origin = { address: '127.0.0.1', userAgent: 'test' };
    const session = await tx.sessions.create({ userId: user.id, method: 'password', tokenHash, expiresAt, ...origin });
    return { userId: user.id, sessionId: session.id };
  });
  const cookie = `__Host-tenon_session=${token}`;
  const csrfToken = csrfTokenOf(token);
  return { userId, sessionId, email, cookie, csrfToken, headers: { cookie, 'x-csrf-token': csrfToken } };
}

/** What the browser keeps of an answer. */
export function cookieOf(answer: Response): string {
  const header = [answer.headers['set-cookie']].flat()[0] ?? '';
  return header.split(';', 1)[0] ?? '';
}

export function personOf(answer: Response): TestPerson {
  if (answer.statusCode >= 300) throw new Error(answer.body);
  const { user, csrfToken } = answer.json();
  const cookie = cookieOf(answer);
  return { userId: user.id, email: user.email, cookie, csrfToken, headers: { cookie, 'x-csrf-token': csrfToken } };
}

/** Invites somebody with an operator's key. @returns the token. */
export async function invite(api: TestApi, tenantId: Id<'tenant'> | null, email: string, role: Role): Promise<string> {
  const url = tenantId === null ? '/v1/operator-invitations' : `/v1/tenants/${tenantId}/invitations`;
  const payload = tenantId === null ? { email } : { email, role };
  const answer = await api.request({ method: 'POST', url, key: api.operatorKey, payload });
  if (answer.statusCode !== 201) throw new Error(answer.body);
  return answer.json().token;
}

export function accept(api: TestApi, token: string, headers: object = {}): Promise<Response> {
  const payload = { token, password, name: 'Ada' };
  return api.request({ method: 'POST', url: '/v1/invitations/accept', headers: { ...headers }, payload });
}

/** Somebody new in a tenant, or, without one, a new operator. */
export async function createPerson(
  api: TestApi,
  tenantId: Id<'tenant'> | null,
  role: Role = 'owner',
  email = `person-${++people}@example.com`,
): Promise<TestPerson> {
  return personOf(await accept(api, await invite(api, tenantId, email, role)));
}

export function signIn(api: TestApi, email: string, typed = password, headers: object = {}): Promise<Response> {
  const payload = { email, password: typed };
  return api.request({ method: 'POST', url: '/v1/session', headers: { ...headers }, payload });
}
