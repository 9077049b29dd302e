import { describe, expect, it } from '@jest/globals';
import { RunTimes } from '../../src/pool/run-times.js';

describe('RunTimes', () => {
  it('follows what runs of an artifact take, and takes the first at its word', () => {
    const times = new RunTimes();
    expect(times.expectedMs('a')).toBe(1);

    times.note('a', 160);
    expect(times.expectedMs('a')).toBe(160);

    times.note('a', 0);
    expect(times.expectedMs('a')).toBe(150);
    expect(times.expectedMs('b')).toBe(1);
  });

  it('forgets the artifact that it met first when it knows ten thousand', () => {
    const times = new RunTimes();
    for (let index = 0; index <= 10_000; index += 1) times.note(`artifact ${index}`, 5);

    expect(times.expectedMs('artifact 0')).toBe(1);
    expect(times.expectedMs('artifact 1')).toBe(5);
    expect(times.expectedMs('artifact 10000')).toBe(5);
  });
});
