import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '@tenon/testing';
import pg from 'pg';
import { cookieOf, createPerson, password, personOf, signIn, type TestPerson } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let owner: pg.Client;
let tenant: TestTenant;
let person: TestPerson;

beforeAll(async () => {
  api = await startTestApi();
  owner = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await owner.connect();
  tenant = await api.createTenant();
  person = await createPerson(api, tenant.id);
});
afterAll(async () => {
  await owner.end();
  await api.close();
});

const show = (cookie: string) => api.request({ method: 'GET', url: '/v1/session', headers: { cookie } });

describe('signing in', () => {
  test('sets a cookie that scripts and other sites never get, and answers who it is', async () => {
    const answer = await signIn(api, person.email.toUpperCase());
    expect(answer.statusCode).toBe(201);
    const header = String(answer.headers['set-cookie']);
    expect(header).toMatch(
      /^__Host-tenon_session=tns_[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=604800; Secure$/,
    );
    expect(answer.json()).toMatchObject({
      user: { id: person.userId, email: person.email, operator: false },
      tenants: [{ id: tenant.id, role: 'owner', status: 'active' }],
    });
    expect(answer.body).not.toContain(cookieOf(answer).split('=')[1]);
    expect((await show(cookieOf(answer))).json().id).toBe(answer.json().id);
  });

  test('a wrong password and an unknown address get the same answer', async () => {
    const wrong = await signIn(api, person.email, 'not the pass phrase');
    const unknown = await signIn(api, 'nobody@example.com', 'not the pass phrase');
    expect(wrong.statusCode).toBe(401);
    expect(wrong.json()).toEqual(unknown.json());
    expect(wrong.headers['set-cookie']).toBeUndefined();
    expect(Object.keys(wrong.headers)).toEqual(Object.keys(unknown.headers));
  });

  test('an unknown address takes as long as a wrong password', async () => {
    const times: Record<string, number[]> = { known: [], unknown: [] };
    for (let round = 0; round < 4; round += 1) {
      for (const [name, email] of [
        ['known', `${(await createPerson(api, tenant.id)).email}`],
        ['unknown', `x${round}@example.com`],
      ] as const) {
        const startMs = performance.now();
        await signIn(api, email, 'not the pass phrase', { 'x-forwarded-for': '192.0.2.1' });
        times[name]?.push(performance.now() - startMs);
      }
    }
    const fastest = (name: string) => Math.min(...(times[name] ?? []));
    // Without the work for unknown addresses it would be a few milliseconds against some forty.
    expect(fastest('unknown')).toBeGreaterThan(fastest('known') * 0.5);
  });

  test('the token is new with every sign-in, and the session that the browser had before is over', async () => {
    const before = personOf(await signIn(api, person.email));
    const after = personOf(await signIn(api, person.email, password, { cookie: before.cookie }));
    expect(after.cookie).not.toBe(before.cookie);
    expect(after.csrfToken).not.toBe(before.csrfToken);
    expect((await show(before.cookie)).statusCode).toBe(401);
    expect((await show(after.cookie)).statusCode).toBe(200);
  });

  test('a token that somebody planted in the browser opens nothing, before or after the sign-in', async () => {
    const planted = `__Host-tenon_session=tns_${'0'.repeat(64)}`;
    expect((await show(planted)).statusCode).toBe(401);
    const signedIn = personOf(await signIn(api, person.email, password, { cookie: planted }));
    expect(signedIn.cookie).not.toBe(planted);
    expect((await show(planted)).statusCode).toBe(401);
    // Of two cookies with the name, nobody can tell whose is whose.
    expect((await show(`${planted}; ${signedIn.cookie}`)).statusCode).toBe(401);
    expect((await show(`tenon_session=${signedIn.cookie.split('=')[1]}`)).statusCode).toBe(401);
  });

  test('neither password nor token is in the log, the database keeps hashes, the audit log keeps neither', async () => {
    const { cookie } = personOf(await signIn(api, person.email));
    const token = cookie.split('=')[1] ?? '';
    const { rows } = await owner.query(
      'SELECT (SELECT json_agg(u) FROM users AS u)::text || (SELECT json_agg(s) FROM sessions AS s)::text || (SELECT json_agg(a) FROM audit_entries AS a)::text AS everything',
    );
    for (const text of [api.logLines.join('\n'), rows[0].everything]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(password);
    }
    expect(rows[0].everything).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  });
});

describe('a session', () => {
  test('ends at sign-out, and the cookie is taken away', async () => {
    const signedIn = personOf(await signIn(api, person.email));
    const answer = await api.request({ method: 'DELETE', url: '/v1/session', headers: signedIn.headers });
    expect(answer.statusCode).toBe(204);
    expect(String(answer.headers['set-cookie'])).toContain('Max-Age=0');
    expect((await show(signedIn.cookie)).statusCode).toBe(401);
  });

  test('is listed, and can be ended from another one within a second', async () => {
    const here = personOf(await signIn(api, person.email, password, { 'user-agent': 'Browser/1' }));
    const there = personOf(await signIn(api, person.email, password, { 'user-agent': 'Browser/2' }));
    const list = await api.request({ method: 'GET', url: '/v1/sessions', headers: { cookie: here.cookie } });
    const other = list.json().items.find((item: { userAgent: string }) => item.userAgent === 'Browser/2');
    expect(other).toMatchObject({ current: false, method: 'password', address: '127.0.0.1' });
    expect((await show(there.cookie)).statusCode).toBe(200);
    const url = `/v1/sessions/${other.id}`;
    expect((await api.request({ method: 'DELETE', url, headers: here.headers })).statusCode).toBe(204);
    const endedAtMs = Date.now();
    await waitFor('the other session to be over', async () => (await show(there.cookie)).statusCode === 401, {
      timeoutMs: 1_000,
    });
    expect(Date.now() - endedAtMs).toBeLessThan(1_000);
    expect((await api.request({ method: 'DELETE', url, headers: here.headers })).statusCode).toBe(404);
  });

  test("of somebody else can't be ended, and looks like one that is not there", async () => {
    const stranger = await createPerson(api, tenant.id);
    const { id } = (await show(person.cookie)).json();
    const answer = await api.request({ method: 'DELETE', url: `/v1/sessions/${id}`, headers: stranger.headers });
    expect(answer.statusCode).toBe(404);
    expect((await show(person.cookie)).statusCode).toBe(200);
  });

  test('that nobody uses ends, and using it again does not wake it', async () => {
    const { cookie } = personOf(await signIn(api, person.email));
    await owner.query("UPDATE sessions SET last_seen_at = now() - interval '12 hours 1 second' WHERE user_id = $1", [
      person.userId,
    ]);
    expect((await show(cookie)).statusCode).toBe(401);
    expect((await show(cookie)).statusCode).toBe(401);
    const fresh = personOf(await signIn(api, person.email));
    await owner.query(
      "UPDATE sessions SET last_seen_at = now() - interval '11 hours' WHERE user_id = $1 AND revoked_at IS NULL",
      [person.userId],
    );
    expect((await show(fresh.cookie)).statusCode).toBe(200);
    const { rows } = await owner.query(
      "SELECT count(*)::int AS seen FROM sessions WHERE user_id = $1 AND last_seen_at > now() - interval '1 minute'",
      [person.userId],
    );
    expect(rows[0].seen).toBe(1);
  });

  test('ends after a week, however much it is used', async () => {
    const { cookie } = personOf(await signIn(api, person.email));
    await owner.query('UPDATE sessions SET expires_at = now() WHERE user_id = $1', [person.userId]);
    expect((await show(cookie)).statusCode).toBe(401);
  });

  test('fifty at most are kept for one person', async () => {
    const crowd = await createPerson(api, tenant.id);
    await owner.query(
      `INSERT INTO sessions (id, user_id, token_hash, method, address, user_agent, expires_at)
         SELECT 'ses_0' || lpad(n::text, 25, '0'), $1, sha256(n::text::bytea), 'password', '', '', now() + interval '1 day'
           FROM generate_series(1, 80) AS n`,
      [crowd.userId],
    );
    await signIn(api, crowd.email);
    const { rows } = await owner.query('SELECT count(*)::int AS kept FROM sessions WHERE user_id = $1', [crowd.userId]);
    expect(rows[0].kept).toBe(50);
  });
});

describe('changing the password', () => {
  test('takes the old one, ends every session and opens a new one', async () => {
    const changer = await createPerson(api, tenant.id);
    const elsewhere = personOf(await signIn(api, changer.email));
    const put = (payload: object) =>
      api.request({ method: 'PUT', url: '/v1/session/password', headers: changer.headers, payload });
    const newPassword = 'quite another pass phrase';
    expect((await put({ currentPassword: 'wrong one here', newPassword })).json().code).toBe('sign_in_failed');
    for (const bad of ['short', 'aaaaaaaaaaaaaaaa', 'passwordpassword', changer.email]) {
      expect((await put({ currentPassword: password, newPassword: bad })).json().errors[0].pointer).toBe(
        '/body/newPassword',
      );
    }
    const answer = await put({ currentPassword: password, newPassword });
    expect(answer.statusCode).toBe(200);
    const after = personOf(answer);
    expect((await show(after.cookie)).statusCode).toBe(200);
    expect((await show(changer.cookie)).statusCode).toBe(401);
    await waitFor('the other session to be over', async () => (await show(elsewhere.cookie)).statusCode === 401, {
      timeoutMs: 1_000,
    });
    expect((await signIn(api, changer.email)).statusCode).toBe(401);
    expect((await signIn(api, changer.email, newPassword)).statusCode).toBe(201);
  });
});
