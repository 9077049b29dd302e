import { describe, expect, test } from '@jest/globals';
import { buildReportSchema } from '@tenon/contracts';
import { ready } from '../abi/support/run-guest.js';
import { command, wat } from '../abi/support/wat.js';

describe('the report of an upload', () => {
  test('has the shape of the contract, and says where the bytes are', async () => {
    const bytes = await command('(call $proc_exit (i32.const 0))', { extra: '(func $big (drop (i32.const 1)))' });
    const { report, artifact } = await ready(bytes);
    expect(buildReportSchema.parse(report)).toEqual(report);
    expect(report).toMatchObject({
      abi: 'wasi-command',
      moduleBytes: bytes.length,
      artifactBytes: artifact.length,
      coreModules: 1,
      functions: 3,
      memoryBytesInitial: 65_536,
      exports: [
        { name: 'memory', kind: 'memory' },
        { name: '_start', kind: 'function' },
      ],
      warnings: [],
    });
    expect(report.sections.reduce((sum, section) => sum + section.bytes, 8)).toBe(bytes.length);
    expect(report.biggestFunctions[0]).toMatchObject({ name: 'write' });
    expect(report.meteringBytesAdded).toBeGreaterThan(0);
  });

  test('shows ten functions at most, the largest first', async () => {
    const functions = Array.from({ length: 30 }, (_, i) => `(func ${'(nop)'.repeat(i)})`).join('');
    const { report } = await ready(await command('', { extra: functions }));
    const sizes = report.biggestFunctions.map(({ bytes }) => bytes);
    expect(sizes).toHaveLength(10);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  });

  test('gives the declared maximum of memory where there is one', async () => {
    expect((await ready(await command('', { memory: '1 5' }))).report.memoryBytesMax).toBe(5 * 65_536);
    expect((await ready(await command(''))).report.memoryBytesMax).toBeUndefined();
  });
});

describe('warnings', () => {
  const codes = async (text: string): Promise<string[]> =>
    (await ready(await wat(text))).report.warnings.map(({ code }) => code);
  const start = '(func $main (export "_start"))';

  test('debug information that nobody reads', async () => {
    expect(await codes(`(module (memory (export "memory") 1) ${start} (@custom ".debug_info" "xyz"))`)).toEqual([
      'debug_info_shipped',
    ]);
  });

  test('no function names', async () => {
    expect(await codes('(module (memory (export "memory") 1) (func (export "_start")))')).toEqual(['names_missing']);
  });

  test('memory close to the default limit, and over it', async () => {
    expect(await codes(`(module (memory (export "memory") 130) ${start})`)).toEqual(['memory_close_to_limit']);
    expect(await codes(`(module (memory (export "memory") 200) ${start})`)).toEqual(['memory_over_default']);
  });
});

describe('language and toolchain', () => {
  /** A producers section: one field, one value. */
  const producers = (field: string, name: string, version: string): string => {
    const part = (text: string): string => `\\${text.length.toString(16).padStart(2, '0')}${text}`;
    return `(@custom "producers" "\\01${part(field)}\\01${part(name)}${part(version)}")`;
  };
  const origin = async (extra: string) => {
    const { report } = await ready(
      await wat(`(module (memory (export "memory") 1) (func $main (export "_start")) ${extra})`),
    );
    return { language: report.language, toolchain: report.toolchain };
  };

  test.each([
    [producers('language', 'Rust', ''), { language: 'Rust', toolchain: [] }],
    [producers('language', 'C11', ''), { language: 'C', toolchain: [] }],
    [producers('language', 'C_plus_plus_14', ''), { language: 'C++', toolchain: [] }],
    [producers('processed-by', 'clang', '14.0'), { language: 'C', toolchain: ['clang 14.0'] }],
    [
      producers('processed-by', 'ComponentizeJS', '0.23'),
      { language: 'JavaScript', toolchain: ['ComponentizeJS 0.23'] },
    ],
    ['(func $~lib/string/String#concat)', { language: 'AssemblyScript', toolchain: [] }],
    ['(@custom "go:buildid" "x")', { language: 'Go', toolchain: [] }],
    ['(@custom "producers" "\\ff\\ff\\ff")', { language: undefined, toolchain: [] }],
    ['', { language: undefined, toolchain: [] }],
  ])('%s', async (extra, expected) => {
    expect(await origin(extra)).toEqual(expected);
  });
});
