import { describe, expect, test } from '@jest/globals';
import { readCloudEvents } from '../src/events/read-cloud-events.js';

const event = { specversion: '1.0', id: '1', source: '/s', type: 'cart.updated', data: { lines: [] } };

describe('reading CloudEvents', () => {
  test('structured mode', () => {
    const read = readCloudEvents({ 'content-type': 'application/cloudevents+json; charset=utf-8' }, event);
    expect(read.events).toEqual([event]);
    expect(read.pointerTo(0)).toBe('/body');
  });

  test('plain JSON is one structured event', () => {
    expect(readCloudEvents({ 'content-type': 'application/json' }, event).events).toEqual([event]);
  });

  test('batch mode points at the event', () => {
    const read = readCloudEvents({ 'content-type': 'application/cloudevents-batch+json' }, [event, event]);
    expect(read.events).toHaveLength(2);
    expect(read.pointerTo(1)).toBe('/body/1');
  });

  test('binary mode reads and decodes the headers and keeps extensions', () => {
    const headers = {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': 'a%20b',
      'ce-source': '/s',
      'ce-type': 'cart.updated',
      'ce-tenantregion': 'eu',
    };
    expect(readCloudEvents(headers, { lines: [] }).events).toEqual([
      { specversion: '1.0', id: 'a b', source: '/s', type: 'cart.updated', tenantregion: 'eu', data: { lines: [] } },
    ]);
  });

  test.each([
    ['a missing attribute', {}, { ...event, source: undefined }, '/body/source'],
    ['another version', {}, { ...event, specversion: '0.3' }, '/body/specversion'],
    ['control characters', {}, { ...event, id: 'a\nb' }, '/body/id'],
    ['no object', {}, 7, '/body'],
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
