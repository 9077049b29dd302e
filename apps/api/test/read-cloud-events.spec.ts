import { describe, expect, test } from '@jest/globals';
import { readCloudEvents } from '../src/events/read-cloud-events.js';

const event = { specversion: '1.0', id: '1', source: '/s', type: 'cart.updated', data: { lines: [] } };

const binary = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': 'a%20b',
  'ce-source': '/s',
  'ce-type': 'cart.updated',
};

describe('reading CloudEvents', () => {
  test('structured mode', () => {
    const read = readCloudEvents({ 'content-type': 'application/cloudevents+json; charset=utf-8' }, event);
    expect(read.events).toEqual([event]);
    expect(read.pointerTo(0, 'data')).toBe('/body/data');
  });

  test('plain JSON is one structured event', () => {
    expect(readCloudEvents({ 'content-type': 'application/json' }, event).events).toEqual([event]);
  });

  test('batch mode points at the event', () => {
    const read = readCloudEvents({ 'content-type': 'application/cloudevents-batch+json' }, [event, event]);
    expect(read.events).toHaveLength(2);
    expect(read.pointerTo(1, 'type')).toBe('/body/1/type');
  });

  test('binary mode reads and decodes the headers and keeps extensions', () => {
    const headers = { ...binary, 'ce-tenantregion': 'eu' };
    const read = readCloudEvents(headers, { lines: [] });
    expect(read.events).toEqual([
      { specversion: '1.0', id: 'a b', source: '/s', type: 'cart.updated', tenantregion: 'eu', data: { lines: [] } },
    ]);
    expect(read.pointerTo(0, 'tenonnotbefore')).toBe('/header/ce-tenonnotbefore');
    expect(read.pointerTo(0, 'data')).toBe('/body');
  });

  test.each([
    ['"quoted id"', 'quoted id'],
    ['"1"', '1'],
    ['"a \\"b\\" \\\\ %20c"', 'a "b" \\  c'],
    ['%22a%22', '"a"'],
    ['"half', '"half'],
    ['a"b"', 'a"b"'],
  ])('an attribute in quotes, as senders of older versions write it, is what is between them: %s', (header, id) => {
    expect(readCloudEvents({ ...binary, 'ce-id': header }, {}).events).toMatchObject([{ id }]);
  });

  test.each(['application/json; charset=utf-8', 'application/vnd.shop.cart+json', 'text/json'])(
    'data of the type %s is JSON',
    (datacontenttype) => {
      const read = readCloudEvents({ 'content-type': 'application/cloudevents+json' }, { ...event, datacontenttype });
      expect(read.events).toHaveLength(1);
    },
  );

  test.each([
    ['a missing attribute', {}, { ...event, source: undefined }, '/body/source'],
    ['another version', {}, { ...event, specversion: '0.3' }, '/body/specversion'],
    ['control characters', {}, { ...event, id: 'a\nb' }, '/body/id'],
    ['no object', {}, 7, '/body'],
    ['data that is no JSON', {}, { ...event, datacontenttype: 'application/xml' }, '/body/datacontenttype'],
    ['another version in a header', { ...binary, 'ce-specversion': '0.3' }, {}, '/header/ce-specversion'],
    ['an attribute that no header names', { ...binary, 'ce-type': undefined }, {}, '/header/ce-type'],
    ['an empty batch', { 'content-type': 'application/cloudevents-batch+json' }, [], '/body'],
    [
      'a bad event in a batch',
      { 'content-type': 'application/cloudevents-batch+json' },
      [event, {}],
      '/body/1/specversion',
    ],
    ['a header that is not percent-encoded', { 'ce-specversion': '1.0', 'ce-id': '%ff' }, {}, '/header/ce-id'],
    ['U+0000 in a header', { 'ce-specversion': '1.0', 'ce-id': '%00' }, {}, '/header/ce-id'],
  ])('%s is refused with a pointer', (_name, headers, body, pointer) => {
    const read = () => readCloudEvents(headers, JSON.parse(JSON.stringify(body)));
    expect(read).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    try {
      read();
    } catch (error) {
      expect(error).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining({ pointer })]) });
    }
  });
});
