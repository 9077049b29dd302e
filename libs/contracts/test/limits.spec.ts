import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  componentMemoryBytesMax,
  defaultExecutionLimits,
  jsonSchemaBytesMax,
  outcomes,
  requestLimits,
  settingsBytesMax,
  settingsSchemaBytesMax,
  synchronousDeadlineMs,
  uploadLimits,
} from '@tenon/contracts';

const page = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');

/** Rows of the page's tables, as first cell -> second cell, with code marks and digit separators taken out. */
function documented(): Map<string, string> {
  const rows = new Map<string, string>();
  for (const line of page.split('\n')) {
    const [, name, value] = line.split('|').map((cell) => cell.replaceAll('`', '').replaceAll(',', '').trim());
    if (name && value) rows.set(name, value);
  }
  return rows;
}

describe('docs/limits.md', () => {
  const rows = documented();

  it.each(
    Object.entries({
      ...defaultExecutionLimits,
      componentMemoryBytesMax,
      synchronousDeadlineMs,
      ...uploadLimits,
      ...requestLimits,
      jsonSchemaBytesMax,
      settingsBytesMax,
      settingsSchemaBytesMax,
    }),
  )('states %s as the code has it: %d', (name, value) => {
    expect(rows.get(name)).toBe(String(value));
  });

  it('names every outcome with its fault and whether it is retried', () => {
    for (const [name, facts] of Object.entries(outcomes)) {
      expect(rows.get(name)).toBe(facts.fault);
      expect(page).toContain(facts.sentence);
    }
  });
});
