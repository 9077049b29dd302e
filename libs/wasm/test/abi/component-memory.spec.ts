import { describe, expect, test } from '@jest/globals';
import { textComponent } from './support/component.js';
import { guestOf, request } from './support/run-guest.js';

const echo = '(call $answer (i32.const 0) (local.get $at) (local.get $length))';
const pageBytes = 65_536;
const tableBytes = 100 * 8;

describe('the memory of a component', () => {
  test('counts what its modules start with, memories and tables, afresh in every run', async () => {
    const guest = await guestOf(await textComponent(echo, '(table 100 funcref)'));
    for (let round = 0; round < 3; round++) {
      expect(guest.run(request('[1]')).memoryBytesPeak).toBe(pageBytes + tableBytes);
    }
  });

  test('leaves the guest what its limit allows beside what it starts with', async () => {
    const grow = `(if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable))) ${echo}`;
    const guest = await guestOf(await textComponent(grow, '(table 100 funcref)'));
    const enough = 2 * pageBytes + tableBytes;
    expect(guest.run(request('[1]', { limits: { memoryBytesMax: enough } }))).toMatchObject({
      outcome: 'succeeded',
      memoryBytesPeak: enough,
    });
    expect(guest.run(request('[1]', { limits: { memoryBytesMax: enough - 1 } }))).toMatchObject({
      outcome: 'memory_limit',
    });
    expect(guest.run(request('[1]', { limits: { memoryBytesMax: pageBytes } }))).toMatchObject({
      outcome: 'memory_limit',
    });
  });
});
