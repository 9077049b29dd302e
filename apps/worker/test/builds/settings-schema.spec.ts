import { describe, expect, test } from '@jest/globals';
import { settingsSchemaBytesMax, settingsSchemaSection } from '@tenon/contracts';
import { settingsSchemaOf } from '../../src/builds/settings-schema.js';

const encoder = new TextEncoder();

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

/** A module with nothing but a custom section. */
function moduleWith(content: string | Uint8Array, name: string = settingsSchemaSection): Uint8Array {
  const body = typeof content === 'string' ? encoder.encode(content) : content;
  const title = encoder.encode(name);
  const section = [...leb(title.length), ...title];
  const size = leb(section.length + body.length);
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, ...size, ...section, ...body]);
}

describe("a module's schema of its settings", () => {
  test('is read from its custom section', () => {
    const schema = { type: 'object', properties: { percent: { type: 'number' } } };
    expect(settingsSchemaOf(moduleWith(JSON.stringify(schema)))).toEqual({ schema });
  });

  test('is none where the module has no such section', () => {
    expect(settingsSchemaOf(moduleWith('{}', 'producers'))).toEqual({ schema: null });
    expect(settingsSchemaOf(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))).toEqual({ schema: null });
  });

  test('is none in bytes that are no module: the build says what is wrong with those', () => {
    expect(settingsSchemaOf(new Uint8Array([1, 2, 3]))).toEqual({ schema: null });
    expect(settingsSchemaOf(moduleWith('{}').subarray(0, 20))).toEqual({ schema: null });
  });

  test.each<[string, string | Uint8Array]>([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['too large', `{"description":"${'x'.repeat(settingsSchemaBytesMax)}"}`],
    ['no schema', '{"type":"nothing"}'],
    ['a reference', '{"$ref":"https://example.com/schema"}'],
    ['a recursion', '{"$defs":{"a":{}},"$ref":"#/$defs/a"}'],
  ])('is refused with the section named: %s', (_name, content) => {
    expect(settingsSchemaOf(moduleWith(content))).toMatchObject({
      rejection: { code: 'settings_schema', section: settingsSchemaSection },
    });
  });
});
