import { expect, test } from '@jest/globals';
import type { FedExecution } from '@tenon/database';
import { StreamBuffer } from '../src/stream/stream-buffer.js';
import { executionEvent, type WrittenEvent } from '../src/stream/written-event.js';

const bounds = { eventsMax: 5, bytesMax: 100, portionBytesMax: 40 };
const eventOf = (text: string): WrittenEvent => ({ text, bytes: Buffer.byteLength(text), runs: 1 });

test('what waits is counted in the bytes that go out, not in characters', async () => {
  const buffer = new StreamBuffer(bounds);
  for (const text of ['a'.repeat(40), '😀'.repeat(20)]) buffer.push(eventOf(text));
  expect(await buffer.take(0)).toEqual({ text: '😀'.repeat(20), dropped: 1 });
});

test('more events than may wait push the oldest out, each counted once', async () => {
  const buffer = new StreamBuffer(bounds);
  for (const text of 'abcdefgh') buffer.push(eventOf(text));
  expect(await buffer.take(0)).toEqual({ text: 'defgh', dropped: 3 });
  expect(await buffer.take(0)).toEqual({ text: '', dropped: 0 });
});

test('a connection is given a portion at a time, and an event that is longer by itself', async () => {
  const buffer = new StreamBuffer(bounds);
  for (const text of ['a'.repeat(30), 'b'.repeat(10), 'c', 'd'.repeat(50)]) buffer.push(eventOf(text));
  expect((await buffer.take(0))?.text).toBe('a'.repeat(30) + 'b'.repeat(10));
  expect((await buffer.take(0))?.text).toBe('c');
  buffer.close();
  expect((await buffer.take(0))?.text).toBe('d'.repeat(50));
  expect(await buffer.take(0)).toBeUndefined();
});

test('a thousand readers that wait for the same run hold one text', () => {
  const run = { startedAt: new Date(0), recordedAt: new Date(0), place: { seq: 1, runs: 1 }, log: 'é' } as FedExecution;
  const event = executionEvent(run, true);
  expect(executionEvent(run, true)).toBe(event);
  expect(executionEvent(run, false)).not.toBe(event);
  expect(event.bytes).toBe(Buffer.byteLength(event.text));
});
