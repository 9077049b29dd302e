/** Which part of a list is wanted: newest first, after `cursor`. */
export interface PageRequest {
  /** 1 to 200. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** Cuts a page out of `limit + 1` rows: the one too many only says that there is more. */
export function pageOf<Item>(rows: readonly Item[], limit: number, cursorOf: (item: Item) => string): Page<Item> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return last === undefined ? { items } : { items, next: cursorOf(last) };
}

/** The part of a Prisma query that every list by id shares. */
export function newestFirst({ limit, cursor }: PageRequest) {
  return {
    orderBy: { id: 'desc' },
    take: limit + 1,
    ...(cursor === undefined ? {} : { where: { id: { lt: cursor } } }),
  } as const;
}
