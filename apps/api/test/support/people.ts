import type { Id, Role } from '@tenon/contracts';
import type { Response } from 'light-my-request';
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
