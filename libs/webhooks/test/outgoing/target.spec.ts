import { describe, expect, test } from '@jest/globals';
import { AllowedTargets, isPublicAddress, readTarget, TargetRefusal, WebhookSender } from '@tenon/webhooks';
import fc from 'fast-check';
import { hostileAnswers, hostileUrls } from './hostile-urls.js';

const nothing = new AllowedTargets();

function refusalOf(url: string, allowed = nothing): string | undefined {
  try {
    readTarget(url, allowed);
    return undefined;
  } catch (error) {
    if (error instanceof TargetRefusal) return error.code;
    throw error;
  }
}

describe('the address guard', () => {
  test('knows at least sixty ways in', () => {
    expect(hostileUrls.length).toBeGreaterThanOrEqual(60);
  });

  test.each(hostileUrls)('refuses %j', (url, code) => {
    expect(refusalOf(url)).toBe(code);
  });

  test.each(hostileAnswers.map((answer) => [answer.join(' '), answer] as const))(
    'refuses a name that leads to %s',
    async (_name, answer) => {
      const sender = new WebhookSender({ allowed: nothing, resolve: async () => answer, timeoutMs: 1_000 });
      const result = await sender.post('https://hooks.example.com/', {}, '{}');
      expect(result).toMatchObject({ error: 'address_not_allowed', statusCode: null, address: null });
    },
  );

  test.each([
    'https://hooks.example.com/path?query=1',
    'https://hooks.example.com:8443/',
    'https://HOOKS.Example.COM./',
    'https://bücher.example.com/',
    'https://8.8.8.8/',
    'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
    'https://localhost.example.com/',
    'https://127.0.0.1.example.com/',
  ])('lets %s pass', (url) => {
    expect(refusalOf(url)).toBeUndefined();
  });

  test('refuses every IPv4 address of the special ranges, however it is written', () => {
    const inside = fc.tuple(fc.constantFrom(10, 127, 0), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(inside, ([a, b, c, d]) => {
        const whole = ((a * 256 + b) * 256 + c) * 256 + d;
        const octal = [a, b, c, d].map((part) => `0${part.toString(8)}`).join('.');
        const hex = `0x${whole.toString(16)}`;
        const mapped = `[::ffff:${a}.${b}.${c}.${d}]`;
        for (const host of [`${a}.${b}.${c}.${d}`, String(whole), octal, hex, `${a}.${b}.${c * 256 + d}`, mapped]) {
          expect(refusalOf(`https://${host}/`)).toBe('address_not_allowed');
        }
      }),
    );
  });

  test('takes nothing for public that is not an address', () => {
    fc.assert(fc.property(fc.string(), (text) => /^[0-9a-f.:]+$/i.test(text) || !isPublicAddress(text)));
  });
});

describe('targets that the operator named', () => {
  const allowed = new AllowedTargets([
    'hooks.internal:8080',
    'any-port.internal',
    '10.1.2.0/24',
    'fd00:1::/32',
    '127.0.0.1',
  ]);

  test.each([
    ['http://hooks.internal:8080/', undefined],
    ['http://hooks.internal/', 'scheme_not_allowed'],
    ['https://hooks.internal:9090/', 'port_not_allowed'],
    ['http://any-port.internal:1234/', undefined],
    ['http://other.internal/', 'scheme_not_allowed'],
    ['http://10.1.2.3:5000/', undefined],
    ['http://0xa010203/', undefined],
    ['http://10.1.3.1/', 'scheme_not_allowed'],
    ['https://10.1.3.1/', 'address_not_allowed'],
    ['https://[fd00:1::9]/', undefined],
    ['https://[fd00:2::9]/', 'address_not_allowed'],
    ['http://user@any-port.internal/', 'credentials_in_url'],
    ['ftp://any-port.internal/', 'scheme_not_allowed'],
  ])('%s: %s', (url, code) => {
    expect(refusalOf(url, allowed)).toBe(code);
  });

  test.each(['10.0.0.0/33', 'http://x.internal', 'a b', '-x', 'x:0', 'x:70000', '10.0.0.0/8/8', 'fd00::/129', ''])(
    'are refused where %j is none',
    (entry) => {
      expect(() => new AllowedTargets([entry])).toThrow(RangeError);
    },
  );
});
