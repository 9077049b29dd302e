import { describe, expect, it } from '@jest/globals';
import { mintApiKey } from '@tenon/contracts';
import fc from 'fast-check';
import { createLogger, NestLogger } from '../src/index.js';

function capture(): { lines: string[]; logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'test',
    level: 'trace',
    destination: { write: (line) => void lines.push(line) },
  });
  return { lines, logger };
}

const { key } = mintApiKey('tenant');
const secret = 'hunter2hunter2hunter2';
const texts: readonly string[] = [
  `connect to postgresql://tenon:${secret}@127.0.0.1:5432/tenon failed`,
  `redis://:${secret}@cache:6379`,
  `https://user:p@ss${secret}@example.com/`,
  `Authorization: Bearer ${secret}`,
  `authorization: basic ${secret}`,
  `key ${key} is unknown`,
  `webhook secret whsec_${secret}`,
  `webhook-signature: v1,${Buffer.from(secret.repeat(2)).toString('base64').slice(0, 44)}`,
  `GET /v1/x?token=${secret}&page=2`,
];
const places: readonly ((text: string) => [object, string?])[] = [
  (text) => [{}, text],
  (text) => [{ details: text }],
  (text) => [{ a: { b: [{ c: text }] } }],
  (text) => [{ err: new Error(text) }],
  (text) => [{ err: new Error('outer', { cause: new Error(text) }) }],
];
const encoded = Buffer.from(secret.repeat(2)).toString('base64').slice(0, 30);

describe('createLogger', () => {
  it.each(texts)('never writes the secret in: %s', (text) => {
    for (const place of places) {
      const { lines, logger } = capture();
      const [fields, message] = place(text);
      logger.info(fields, message);
      logger.child(fields).warn('from a child');
      expect(lines).toHaveLength(2);
      for (const line of lines) {
        expect(line).not.toContain(secret);
        expect(line).not.toContain(key);
        expect(line).not.toContain(encoded);
        JSON.parse(line);
      }
    }
  });

  it.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'set-cookie',
    'password',
    'secret',
    'apiKey',
    'tenant_key',
    'webhook-signature',
    'X-Shopify-Hmac-Sha256',
    'DATABASE_URL',
  ])('hides whatever stands under %s', (name) => {
    const { lines, logger } = capture();
    logger.info({ headers: { [name]: secret }, [name]: [secret] }, 'request');
    expect(lines.join('')).not.toContain(secret);
  });

  it('keeps what helps: an error’s type, message, code and stack, and nothing that hangs on it', () => {
    const { lines, logger } = capture();
    const error = Object.assign(new TypeError('no row'), { code: '23505', detail: secret, parameters: [secret] });
    logger.error({ err: error }, 'failed');
    const line: unknown = JSON.parse(lines[0] ?? '');
    expect(line).toMatchObject({ err: { type: 'TypeError', message: 'no row', code: '23505' }, msg: 'failed' });
    expect(lines[0]).not.toContain(secret);
  });

  it('logs an error that is passed on its own', () => {
    const { lines, logger } = capture();
    logger.error(new Error(`postgres://u:${secret}@h/d`));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: { type: 'Error' } });
    expect(lines[0]).not.toContain(secret);
  });

  it('writes one bounded line of valid JSON whatever it is given', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (fields, message) => {
        const { lines, logger } = capture();
        logger.info(fields, message);
        expect(lines).toHaveLength(1);
        JSON.parse(lines[0] ?? '');
      }),
    );
    const { lines, logger } = capture();
    const circular: Record<string, unknown> = { big: 'x'.repeat(100_000), many: new Array(10_000).fill(1) };
    circular.self = circular;
    logger.info(circular, 'odd');
    expect(lines[0]?.length).toBeLessThan(100_000);
    JSON.parse(lines[0] ?? '');
  });
});

describe('NestLogger', () => {
  it('carries level, context and stack', () => {
    const { lines, logger } = capture();
    const nest = new NestLogger(logger);
    nest.log('started', 'Router');
    nest.error('broken', 'Error: at x', 'Filter');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', context: 'Router', msg: 'started' },
      { level: 'error', context: 'Filter', stack: 'Error: at x', msg: 'broken' },
    ]);
  });
});
