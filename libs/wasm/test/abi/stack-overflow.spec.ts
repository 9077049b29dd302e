import { describe, expect, it } from '@jest/globals';
import { guestOf, request } from './support/run-guest.js';
import { command } from './support/wat.js';

const deep = '(func $deeper (call $deeper))';

describe('a guest that nests its calls too deep', () => {
  it('is told so, with the limit and the functions it was in', async () => {
    const guest = await guestOf(await command('(call $deeper)', { extra: deep }));

    const result = guest.run(request('1', { limits: { stackBytesMax: 100_000 } }));

    expect(result).toMatchObject({ outcome: 'stack_overflow', limit: { name: 'stackBytesMax', max: 100_000 } });
    expect(result.backtrace?.[0]).toMatchObject({ functionName: 'deeper' });
  });

  it('cannot catch that', async () => {
    const body = '(block $caught (try_table (catch_all $caught) (call $deeper))) (call $deeper)';
    const guest = await guestOf(await command(body, { extra: deep }));

    expect(guest.run(request('1'))).toMatchObject({ outcome: 'stack_overflow' });
  });
});
