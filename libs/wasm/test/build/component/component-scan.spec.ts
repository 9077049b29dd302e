import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { componentBounds, scanComponent } from '../../../src/build/component/component-scan.js';
import { textComponent } from '../../abi/support/component.js';

const preamble = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

function component(...sections: readonly (readonly [id: number, content: readonly number[]])[]): number[] {
  return [...preamble, ...sections.flatMap(([id, content]) => [id, ...leb(content.length), ...content])];
}

const codeOf = (bytes: readonly number[]): string | undefined => scanComponent(Uint8Array.from(bytes))?.code;

describe('a component is bounded before anything costly looks at it', () => {
  test('in how deep components nest', () => {
    let nested = component();
    for (let depth = 1; depth < componentBounds.nestingMax; depth += 1) nested = component([4, nested]);
    expect(codeOf(nested)).toBeUndefined();
    expect(codeOf(component([4, nested]))).toBe('component_nesting_limit');
  });

  test('in how many components there are', () => {
    const many = Array.from({ length: componentBounds.componentsMax }, () => [4, component()] as const);
    expect(codeOf(component(...many))).toBe('components_limit');
  });

  test('in how many core modules there are', () => {
    const many = Array.from({ length: componentBounds.coreModulesMax + 1 }, () => [1, []] as const);
    expect(codeOf(component(...many))).toBe('core_modules_limit');
  });

  test('in how many items its sections claim, before they are read', () => {
    expect(codeOf(component([7, [0xff, 0xff, 0xff, 0xff, 0x0f]]))).toBe('component_items_limit');
  });

  test('in sections that are known', () => {
    expect(codeOf(component([99, []]))).toBe('unknown_section');
  });
});

test('whatever the bytes, the scan answers', async () => {
  const bytes = await textComponent('(i32.const 16)');
  expect(scanComponent(bytes)).toBeUndefined();
  fc.assert(
    fc.property(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.nat(bytes.length),
      (at, value, length) => {
        const mutated = bytes.slice(0, length);
        if (at < length) mutated[at] = value;
        const found = scanComponent(mutated);
        expect(found === undefined || typeof found.code === 'string').toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});
