import type { JsonObject } from '@tenon/contracts';
import { below, type Compare, type Comparison, type Doubt } from './comparison.js';
import { type Schema, schemaAt, schemaList } from './schema-parts.js';

/** What a value of `schema` may hold at `index`. */
function itemOf(schema: JsonObject, index: number): Schema {
  return schemaList(schema, 'prefixItems')?.[index] ?? schemaAt(schema, 'items');
}

export function prefixItems(sub: JsonObject, sup: JsonObject, at: Comparison, compare: Compare): readonly Doubt[] {
  return (schemaList(sup, 'prefixItems') ?? []).flatMap((wanted, index) =>
    compare(itemOf(sub, index), wanted, below(at, 'prefixItems', index)),
  );
}

/** Every place that `sup` leaves to `items`: the rest of what `sub` lists one by one, and all that follows. */
export function items(sub: JsonObject, sup: JsonObject, at: Comparison, compare: Compare): readonly Doubt[] {
  const wanted = schemaAt(sup, 'items');
  const listed = schemaList(sup, 'prefixItems')?.length ?? 0;
  const rest = (schemaList(sub, 'prefixItems') ?? []).slice(listed);
  return [
    ...rest.flatMap((given, index) => compare(given, wanted, below(at, 'prefixItems', listed + index))),
    ...compare(schemaAt(sub, 'items'), wanted, below(at, 'items')),
  ];
}
