import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newStandardSecret, parseStandardSecret, signStandard, verifyWebhook } from '../src/index.js';

const nowMs = Date.UTC(2026, 10, 21, 10, 0, 0);
const nowS = nowMs / 1_000;
const secret = newStandardSecret();
const body = Buffer.from('{"type":"cart.updated","data":{"lines":[]}}');

function keyOf(text: string): Uint8Array {
  const key = parseStandardSecret(text);
  if (key === undefined) throw new Error('the test needs a valid secret');
  return key;
}

function headersFor(signedWith: string, id = 'msg_1', timestampS = nowS) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampS),
    'webhook-signature': signStandard(keyOf(signedWith), id, timestampS, body),
  };
}

describe('Standard Webhooks', () => {
  test('a message that the reference library signed is verified', () => {
    const signature = new Webhook(secret).sign('msg_1', new Date(nowMs), body.toString());
    const headers = { ...headersFor(secret), 'webhook-signature': signature };
    expect(verifyWebhook('standard', [secret], { headers, body, nowMs })).toEqual({
      verified: true,
      messageId: 'msg_1',
    });
    expect(signature).toBe(headersFor(secret)['webhook-signature']);
  });

  test('either of two live secrets will do, and a third will not', () => {
    const other = newStandardSecret();
    const message = { headers: headersFor(other), body, nowMs };
    expect(verifyWebhook('standard', [secret, other], message).verified).toBe(true);
    expect(verifyWebhook('standard', [secret, newStandardSecret()], message)).toEqual({
      verified: false,
      reason: 'signature_mismatch',
    });
  });

  test('one good signature among several is enough', () => {
    const good = headersFor(secret);
    const headers = { ...good, 'webhook-signature': `v1a,AAAA v1,AAAA ${good['webhook-signature']}` };
    expect(verifyWebhook('standard', [secret], { headers, body, nowMs }).verified).toBe(true);
  });

  test.each([
    [-300, true],
    [-301, 'too_old'],
    [300, true],
    [301, 'too_new'],
  ] as const)('a clock that is %i s off gives %s', (offsetS, expected) => {
    const headers = headersFor(secret, 'msg_1', nowS + offsetS);
    const result = verifyWebhook('standard', [secret], { headers, body, nowMs });
    expect(result.verified ? true : result.reason).toBe(expected);
  });

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('without %s it is refused', (name) => {
    const headers = { ...headersFor(secret), [name]: undefined };
    expect(verifyWebhook('standard', [secret], { headers, body, nowMs })).toEqual({
      verified: false,
      reason: 'header_missing',
    });
  });

  test('any changed byte of the body is noticed', () => {
    const headers = headersFor(secret);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
        const changed = Buffer.from(body);
        changed.writeUInt8(changed.readUInt8(index) ^ mask, index);
        expect(verifyWebhook('standard', [secret], { headers, body: changed, nowMs }).verified).toBe(false);
      }),
    );
  });

  test('no header text makes the verification throw or pass', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (id, timestamp, signature) => {
        const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
        expect(verifyWebhook('standard', [secret], { headers, body, nowMs }).verified).toBe(false);
      }),
    );
  });

  test('an unknown source, which has no secrets, never verifies', () => {
    expect(verifyWebhook('standard', [], { headers: headersFor(secret), body, nowMs }).verified).toBe(false);
  });

  test.each(['', 'whsec_', 'whsec_short', `whsec_${'A'.repeat(32)}!`, 'A'.repeat(44)])('%j is no secret', (text) => {
    expect(parseStandardSecret(text)).toBeUndefined();
  });
});
