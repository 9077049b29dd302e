import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { signShopify, verifyWebhook } from '../src/index.js';

const secret = 'shpss_0123456789abcdef0123456789abcdef';
const body = Buffer.from('{"id":4711}');
const nowMs = 0;
const headers = {
  'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
  'x-shopify-event-id': 'event-1',
  'x-shopify-webhook-id': 'webhook-1',
  'x-shopify-topic': 'carts/update',
};

describe('Shopify webhooks', () => {
  test('a signed message is verified and known by its event id and topic', () => {
    expect(signShopify(Buffer.from(secret), body)).toBe(headers['x-shopify-hmac-sha256']);
    expect(verifyWebhook('shopify', [secret], { headers, body, nowMs })).toEqual({
      verified: true,
      messageId: 'event-1:carts/update',
    });
  });

  test('messages of one event to two topics are two: the second was taken for the first again', () => {
    const idOf = (change: object) =>
      verifyWebhook('shopify', [secret], { headers: { ...headers, ...change }, body, nowMs });
    expect(idOf({ 'x-shopify-topic': 'orders/paid' })).toEqual({ verified: true, messageId: 'event-1:orders/paid' });
    expect(idOf({ 'x-shopify-webhook-id': 'webhook-2' })).toEqual(idOf({}));
    expect(idOf({ 'x-shopify-topic': undefined })).toEqual({ verified: true, messageId: 'event-1' });
  });

  test('without an event id the webhook id stands in', () => {
    const { 'x-shopify-event-id': _dropped, ...rest } = headers;
    expect(verifyWebhook('shopify', [secret], { headers: rest, body, nowMs })).toEqual({
      verified: true,
      messageId: 'webhook-1',
    });
  });

  test('another body, another secret or another header is refused', () => {
    const wrong: readonly [readonly string[], object, Buffer][] = [
      [[secret], {}, Buffer.from('{"id":4712}')],
      [['another-secret-of-somebody'], {}, body],
      [[], {}, body],
      [[secret], { 'x-shopify-hmac-sha256': 'AAAA' }, body],
      [[secret], { 'x-shopify-hmac-sha256': headers['x-shopify-hmac-sha256'].slice(0, -1) }, body],
      [[secret], { 'x-shopify-hmac-sha256': ['a', 'b'] }, body],
    ];
    for (const [secrets, change, sent] of wrong) {
      const message = { headers: { ...headers, ...change }, body: sent, nowMs };
      expect(verifyWebhook('shopify', secrets, message).verified).toBe(false);
    }
  });
});
