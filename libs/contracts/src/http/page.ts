import { z } from 'zod';

/** Lists are newest first; `next` is the cursor of the following page and is absent on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item, id: string) {
  return z.object({ items: z.array(item), next: z.string().optional() }).meta({ id });
}

export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The `next` of the page before. */
  cursor: z.string().max(256).optional(),
});
