import { z } from 'zod';

/** Lists are newest first; `next` is the cursor of the following page and is absent on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item, id: string) {
  return z.object({ items: z.array(item), next: z.string().optional() }).meta({ id });
}

/** The query of a list. Its cursor is checked for its form, because it goes into a comparison in Postgres. */
export function pageQueryOf<Cursor extends string>(cursor: z.ZodType<Cursor, string>) {
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    /** The `next` of the page before. */
    cursor: cursor.optional(),
  });
}

export type PageQuery = z.output<ReturnType<typeof pageQueryOf>>;
