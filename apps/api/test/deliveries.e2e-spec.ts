import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '@tenon/contracts';
import pg from 'pg';
import { startTestApi, type TestApi } from './support/test-api.js';

let api: TestApi;
let superuser: pg.Client;

beforeAll(async () => {
  api = await startTestApi();
  superuser = new pg.Client({ connectionString: api.databaseOwnerUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser?.end();
  await api?.close();
});

const ask = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers: object = {}) =>
  api.request({ method, url, key: api.operatorKey, headers: { ...headers }, ...(payload && { payload }) });
const create = async (more: object = {}) => {
  const answer = await ask('POST', '/v1/delivery-endpoints', {
    name: 'x',
    url: 'https://hooks.example.com/a?b=c',
    ...more,
  });
  expect(answer.statusCode).toBe(201);
  return answer.json();
};

describe('an endpoint', () => {
  test('shows its secret once, and keeps it sealed', async () => {
    const { secret, ...endpoint } = await create({ ordering: 'subject' });
    expect(secret).toMatch(/^whsec_/);
    const got = (await ask('GET', `/v1/delivery-endpoints/${endpoint.id}`)).json();
    expect(got).toEqual(endpoint);
    expect(got).toMatchObject({ status: 'active', liveSecrets: 1, ordering: 'subject', outcomes: 'all' });
    const { rows } = await superuser.query('SELECT secrets FROM delivery_endpoints WHERE id = $1', [endpoint.id]);
    expect(Buffer.concat(rows[0].secrets).toString('latin1')).not.toContain(secret);
    const rotated = (await ask('POST', `/v1/delivery-endpoints/${endpoint.id}/rotate-secret`, {})).json();
    expect(rotated).toMatchObject({ liveSecrets: 2 });
    expect(rotated.secret).not.toBe(secret);
    // Nothing has to be said of it, so nothing has to be sent. An endpoint itself has to be described.
    expect((await ask('POST', `/v1/delivery-endpoints/${endpoint.id}/rotate-secret`)).statusCode).toBe(200);
    const undescribed = (await ask('POST', '/v1/delivery-endpoints')).json();
    expect(undescribed.errors).toEqual([{ pointer: '/body', message: 'expected a body' }]);
    const audit = (await ask('GET', '/v1/operator/audit?limit=200')).body;
    for (const hidden of [secret, rotated.secret, '/a?b=c']) expect(audit).not.toContain(hidden);
    expect(api.logLines.join('\n')).not.toContain(secret);
  });

  test.each([
    ['https://127.0.0.1/', 'address_not_allowed'],
    ['https://2130706433/', 'address_not_allowed'],
    ['https://[::ffff:169.254.169.254]/', 'address_not_allowed'],
    ['https://localhost/', 'host_not_allowed'],
    ['http://hooks.example.com/', 'scheme_not_allowed'],
    ['https://user:x@hooks.example.com/', 'credentials_in_url'],
    ['https://hooks.example.com:6379/', 'port_not_allowed'],
    ['hooks', 'not_a_url'],
  ])('at %s is refused', async (url, code) => {
    const answer = await ask('POST', '/v1/delivery-endpoints', { name: 'x', url });
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/body/url' }] });
    expect(answer.json().errors[0].message).toContain(code);
    const { id } = await create();
    expect((await ask('PUT', `/v1/delivery-endpoints/${id}`, { name: 'x', url })).statusCode).toBe(400);
  });

  test('is changed as a whole, only as it was read where somebody asks for that, paused, resumed and deleted', async () => {
    const { id } = await create({ eventTypes: ['cart.updated'] });
    const url = `/v1/delivery-endpoints/${id}`;
    const etag = String((await ask('GET', url)).headers.etag);
    const terms = { name: 'y', url: 'https://hooks.example.com/', outcomes: 'failed' };
    const put = await ask('PUT', url, terms, { 'if-match': etag });
    expect(put.json()).toMatchObject({ name: 'y', outcomes: 'failed', eventTypes: [] });
    expect((await ask('PUT', url, terms, { 'if-match': etag })).json().code).toBe('precondition_failed');
    expect((await ask('POST', `${url}/pause`)).json().status).toBe('paused');
    expect((await ask('POST', `${url}/resume`)).json().status).toBe('active');
    expect((await ask('DELETE', url)).statusCode).toBe(204);
    for (const method of ['GET', 'DELETE'] as const) expect((await ask(method, url)).json().code).toBe('not_found');
    expect((await ask('POST', `${url}/ping`)).json().code).toBe('not_found');
  });

  test('takes a secret of Standard Webhooks and no other', async () => {
    const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
    expect((await create({ secret })).secret).toBe(secret);
    const refused = await ask('POST', '/v1/delivery-endpoints', {
      name: 'x',
      url: 'https://a.example.com/',
      secret: 'x'.repeat(20),
    });
    expect(refused.json().errors[0].pointer).toBe('/body/secret');
  });
});

describe('a delivery', () => {
  test('is listed, shown with its attempts and sent again', async () => {
    const { id: endpoint } = await create();
    const ping = (await ask('POST', `/v1/delivery-endpoints/${endpoint}/ping`)).json();
    expect(ping).toMatchObject({ kind: 'ping', status: 'pending', attempts: 0, endpointId: endpoint });
    expect((await ask('POST', `/v1/deliveries/${ping.id}/resend`)).json().code).toBe('conflict');
    await superuser.query("UPDATE deliveries SET status = 'failed', finished_at = now(), attempts = 10 WHERE id = $1", [
      ping.id,
    ]);
    await superuser.query(
      `INSERT INTO delivery_attempts (delivery_id, attempt, at, duration_ms, status_code, error, address, body)
       VALUES ($1, 1, now(), 12, 500, NULL, '192.0.2.1', 'sorry')`,
      [ping.id],
    );
    const list = async (query: string) =>
      (await ask('GET', `/v1/deliveries?endpoint=${endpoint}${query}`)).json().items;
    expect(await list('')).toMatchObject([{ id: ping.id, status: 'failed' }]);
    expect(await list('&status=pending')).toEqual([]);
    expect(await list(`&tenant=${newId('tenant')}`)).toEqual([]);
    expect(await list('&to=2020-01-01T00:00:00Z')).toEqual([]);
    const shown = (await ask('GET', `/v1/deliveries/${ping.id}`)).json();
    expect(shown.attemptList).toMatchObject([{ attempt: 1, statusCode: 500, durationMs: 12, body: 'sorry' }]);
    expect((await ask('POST', `/v1/deliveries/${ping.id}/resend`)).json()).toMatchObject({
      status: 'pending',
      attempts: 0,
    });
    await superuser.query("UPDATE deliveries SET status = 'failed', finished_at = now() WHERE id = $1", [ping.id]);
    const answer = await ask('POST', '/v1/deliveries/resend', { endpoint });
    expect(answer.json()).toEqual({ resent: 1 });
    expect((await ask('POST', '/v1/deliveries/resend', { endpoint })).json()).toEqual({ resent: 0 });
    expect((await ask('GET', `/v1/deliveries/${newId('delivery')}`)).json().code).toBe('not_found');
  });

  test('is sent again once by a bulk that takes several calls: those that had arrived by then were sent again', async () => {
    const { id: endpoint } = await create();
    const pings: string[] = [];
    for (let time = 0; time < 5; time += 1) {
      pings.push((await ask('POST', `/v1/delivery-endpoints/${endpoint}/ping`)).json().id);
    }
    const arrive = () =>
      superuser.query("UPDATE deliveries SET status = 'delivered', finished_at = now() WHERE endpoint_id = $1", [
        endpoint,
      ]);
    await arrive();
    let cursor: string | undefined;
    const resent: number[] = [];
    do {
      const wanted = { endpoint, status: 'delivered', limit: 2, ...(cursor === undefined ? {} : { cursor }) };
      const answer = (await ask('POST', '/v1/deliveries/resend', wanted)).json();
      resent.push(answer.resent);
      cursor = answer.next;
      await arrive();
    } while (cursor !== undefined && resent.length < 10);
    expect(resent).toEqual([2, 2, 1]);
    expect(pings).toHaveLength(5);
  });

  test("is nothing that a tenant's key sees", async () => {
    const { key } = await api.createTenant();
    for (const url of ['/v1/deliveries', '/v1/delivery-endpoints']) {
      expect((await api.request({ method: 'GET', url, key })).json().code).toBe('insufficient_scope');
    }
  });
});
