import { expect, test } from '@jest/globals';
import { AnswerCache } from '../src/schemas/answer-cache.js';

const minuteMs = 60_000;

test('who asks the same at once shares one question, and later nobody waits', async () => {
  const cache = new AnswerCache<string, string>(10, minuteMs);
  let asked = 0;
  const ask = async () => `answer ${++asked}`;
  const [first, second] = [cache.get('one', ask), cache.get('one', ask)];
  expect(first).toBeInstanceOf(Promise);
  expect(await Promise.all([first, second])).toEqual(['answer 1', 'answer 1']);
  expect(cache.get('one', ask)).toBe('answer 1');
  expect(await cache.get('another', ask)).toBe('answer 2');
});

test('a failure is everybody’s who waits for it, and is not remembered', async () => {
  const cache = new AnswerCache<string, string>(10, minuteMs);
  const fail = () => Promise.reject(new Error('away'));
  const both = await Promise.allSettled([cache.get('one', fail), cache.get('one', fail)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await cache.get('one', async () => 'back')).toBe('back');
});

test('an answer that was deleted or is too old is asked for again', async () => {
  const cache = new AnswerCache<string, number>(10, minuteMs);
  await cache.get('one', async () => 1);
  cache.delete('one');
  expect(cache.get('one', async () => 2)).toBeInstanceOf(Promise);
  const shortLived = new AnswerCache<string, number>(10, 0);
  await shortLived.get('one', async () => 1);
  expect(shortLived.get('one', async () => 2)).toBeInstanceOf(Promise);
});
