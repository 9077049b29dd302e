import { describe, expect, it } from '@jest/globals';
import {
  executionIdFor,
  type IdKind,
  idPrefixes,
  idSchema,
  idTimeMs,
  nameSchema,
  newId,
  orderedIds,
} from '@tenon/contracts';
import fc from 'fast-check';

const kinds = Object.keys(idPrefixes) as IdKind[];

describe('ids', () => {
  it('are accepted by the schema of their own kind and refused by every other', () => {
    for (const made of kinds) {
      const id = newId(made);
      for (const asked of kinds) expect(idSchema(asked).safeParse(id).success).toBe(made === asked);
    }
  });

  it('sort by the time at which they were made', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 40 }), (a, b) => {
        fc.pre(a !== b);
        expect(newId('event', a) < newId('event', b)).toBe(a < b);
      }),
    );
  });

  it('refuses upper case, foreign letters and anything behind the id', () => {
    const id = newId('tenant');
    for (const bad of [id.toUpperCase(), `${id}0`, id.slice(0, -1), `${id}\n`, id.replace(/.$/, 'u'), '']) {
      expect(idSchema('tenant').safeParse(bad).success).toBe(false);
    }
  });
});

describe('orderedIds', () => {
  it('sort as they were made, within a millisecond and after the clock went back too', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 200 }), (times) => {
        const clock = times.values();
        const next = orderedIds('event', () => clock.next().value ?? 1);
        const ids = times.map(() => next());
        expect(ids).toEqual([...new Set(ids)].sort());
        for (const id of ids) expect(idSchema('event').safeParse(id).success).toBe(true);
        expect(idTimeMs(ids[0] ?? newId('event'))).toBe(times[0]);
      }),
    );
  });

  it('of two makers differ', () => {
    const makers = Array.from({ length: 100 }, () => orderedIds('event', () => 1));
    expect(new Set(makers.map((next) => next())).size).toBe(makers.length);
  });
});

describe('executionIdFor', () => {
  it('gives a valid id that is the same for the same event, function and attempt', () => {
    const event = newId('event');
    const fn = newId('function');
    const id = executionIdFor(event, fn, 1);
    expect(idSchema('execution').parse(id)).toBe(id);
    expect(executionIdFor(event, fn, 1)).toBe(id);
  });

  it('differs when the event, the function or the attempt differs', () => {
    const [eventA, eventB] = [newId('event', 5), newId('event', 5)];
    const [fnA, fnB] = [newId('function', 5), newId('function', 5)];
    const ids = [eventA, eventB].flatMap((event) =>
      [fnA, fnB].flatMap((fn) => [1, 2, 11].map((attempt) => executionIdFor(event, fn, attempt))),
    );
    expect(new Set(ids).size).toBe(12);
  });

  it('sorts executions with their events', () => {
    const fn = newId('function');
    expect(executionIdFor(newId('event', 1_000), fn, 1) < executionIdFor(newId('event', 2_000), fn, 1)).toBe(true);
  });
});

describe('nameSchema', () => {
  it.each(['a', 'volume-discount', 'cart.discounts', '9', 'a'.repeat(63)])('accepts %s', (name) => {
    expect(nameSchema.safeParse(name).success).toBe(true);
  });
  it.each(['', '-a', 'a-', '.a', 'A', 'a_b', 'a/b', 'a b', 'ä', 'a\n', 'a'.repeat(64)])('refuses %j', (name) => {
    expect(nameSchema.safeParse(name).success).toBe(false);
  });
});
