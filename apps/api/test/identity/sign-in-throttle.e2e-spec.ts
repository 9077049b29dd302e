import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createPerson, password, signIn } from '../support/people.js';
import { startTestApi, type TestApi, type TestTenant } from '../support/test-api.js';

let api: TestApi;
let owner: pg.Client;
let tenant: TestTenant;

beforeAll(async () => {
  api = await startTestApi({ trustProxy: true });
  owner = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await owner.connect();
  tenant = await api.createTenant();
});
afterAll(async () => {
  await owner.end();
  await api.close();
});

let addresses = 0;
const newAddress = () => `198.51.100.${++addresses}`;
const from = (address: string) => ({ 'x-forwarded-for': address });

async function fail(email: string, address: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < times; index += 1) {
    statuses.push((await signIn(api, email, 'a wrong pass phrase', from(address))).statusCode);
  }
  return statuses;
}

/** Puts all that happened so far `seconds` into the past. */
async function letPass(seconds: number): Promise<void> {
  await owner.query(
    `UPDATE login_throttles SET last_failure_at = last_failure_at - make_interval(secs => $1),
                                blocked_until = blocked_until - make_interval(secs => $1)`,
    [seconds],
  );
}

describe('whoever guesses passwords', () => {
  test('has five tries, then has to wait longer and longer, for an account that is there as for one that is not', async () => {
    const { email } = await createPerson(api, tenant.id);
    for (const account of [email, 'nobody@example.com']) {
      const address = newAddress();
      expect(await fail(account, address, 6)).toEqual([401, 401, 401, 401, 401, 429]);
      const waits: number[] = [];
      for (let round = 0; round < 10; round += 1) {
        const blocked = await signIn(api, account, password, from(address));
        expect(blocked.json().code).toBe('sign_in_blocked');
        waits.push(Number(blocked.headers['retry-after']));
        await letPass(waits.at(-1) ?? 0);
        expect(await fail(account, address, 1)).toEqual([401]);
      }
      expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
    }
  });

  test('does not lock the owner out, who sits elsewhere', async () => {
    const { email } = await createPerson(api, tenant.id);
    const attacker = newAddress();
    expect((await fail(email, attacker, 8)).at(-1)).toBe(429);
    expect((await signIn(api, email, password, from(attacker))).statusCode).toBe(429);
    expect((await signIn(api, email, password, from(newAddress()))).statusCode).toBe(201);
  });

  test('gains nothing by many addresses: twenty failures hold the account back wherever it is tried', async () => {
    const { email } = await createPerson(api, tenant.id);
    for (let index = 0; index < 20; index += 1) await fail(email, newAddress(), 1);
    expect((await signIn(api, email, password, from(newAddress()))).json().code).toBe('sign_in_blocked');
    await letPass(2);
    expect((await signIn(api, email, password, from(newAddress()))).statusCode).toBe(201);
  });

  test('gains nothing by many accounts: thirty failures hold the address back, and its whole network in IPv6', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 31; index += 1) {
      statuses.push(...(await fail(`account-${index}@example.com`, `2001:db8:1:2::${index.toString(16)}`, 1)));
    }
    expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true);
    expect(statuses[30]).toBe(429);
    expect(await fail('one-more@example.com', '2001:db8:1:3::1', 1)).toEqual([401]);
  });

  test('gains nothing by asking many times at once', async () => {
    const { email } = await createPerson(api, tenant.id);
    const address = newAddress();
    const tries = Array.from({ length: 12 }, () => signIn(api, email, 'a wrong pass phrase', from(address)));
    const statuses = (await Promise.all(tries)).map((answer) => answer.statusCode);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  });

  test('is in the audit log, once a minute, without what was typed', async () => {
    const { email, userId } = await createPerson(api, tenant.id);
    await fail(email, newAddress(), 3);
    const { rows } = await owner.query(
      "SELECT * FROM audit_entries WHERE chain = 'operator' AND actor = $1 AND action LIKE 'session.refused.%'",
      [userId],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ action: 'session.refused.sign_in_failed' });
    expect(JSON.stringify(rows)).not.toContain('a wrong pass phrase');
  });

  test('is forgiven by the right password', async () => {
    const { email } = await createPerson(api, tenant.id);
    const address = newAddress();
    await fail(email, address, 4);
    expect((await signIn(api, email, password, from(address))).statusCode).toBe(201);
    expect(await fail(email, address, 5)).toEqual([401, 401, 401, 401, 401]);
  });
});
