import type { Page } from '@tenon/database';

/** A page of rows as the API answers it. */
export function mapPage<Row, Item>(page: Page<Row>, map: (row: Row) => Item): { items: Item[]; next?: string } {
  return { items: page.items.map(map), ...(page.next === undefined ? {} : { next: page.next }) };
}

/** A time, or that there is none yet. */
export function timeOrNull(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
