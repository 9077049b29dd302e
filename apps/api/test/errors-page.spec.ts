import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { problems } from '@tenon/contracts';
import { problemType } from '../src/http/to-problem.js';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

describe('docs/errors.md', () => {
  test('has one row per code, with its status and its title, in the order of the table', () => {
    const rows = page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.map(([, code, status, title]) => [code?.replaceAll('`', ''), Number(status), title])).toEqual(
      Object.entries(problems).map(([code, { status, title }]) => [code, status, title]),
    );
    expect(rows.filter(([, , , , advice]) => advice === '')).toEqual([]);
  });

  test('shows the type as the api writes it', () => {
    expect(page).toContain(`"type": "${problemType('invalid_event')}"`);
  });
});
