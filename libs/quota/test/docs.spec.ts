import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { defaultQuotaLimits, holdReasons } from '@tenon/contracts';

const page = readFileSync(new URL('../../../docs/quotas.md', import.meta.url), 'utf8');

describe('docs/quotas.md', () => {
  const rows = new Map(
    page
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.replaceAll(/[`,]/g, '').trim()))
      .map((cells) => [cells[1], cells]),
  );

  it.each(Object.entries(defaultQuotaLimits))('states the default of %s as the code has it: %d', (name, value) => {
    expect(rows.get(name)?.[2]).toBe(String(value));
  });

  it('says of as many quotas that events are held as there are reasons to hold one', () => {
    const held = [...rows.values()].filter((cells) => cells[4] === 'events are held');
    expect(held).toHaveLength(holdReasons.length);
  });
});
