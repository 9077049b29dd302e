import type pg from 'pg';

/** A table whose rows belong to tenants. Names come from the catalog, quoted where they have to be. */
export interface OwnedTable {
  readonly name: string;
  /** Columns of the primary key. */
  readonly key: readonly string[];
  /** Tables that its rows point at. */
  readonly pointsAt: readonly string[];
}

/** The pointer that is emptied before anything is removed: a function to its live deployment. */
const untied = 'functions_live_deployment_fkey';

const ownedTables = `
  SELECT c.oid::regclass::text AS name,
         (SELECT array_agg(quote_ident(a.attname) ORDER BY array_position(i.indkey::int2[], a.attnum))
            FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
         ARRAY(SELECT f.confrelid::regclass::text FROM pg_constraint AS f
                 WHERE f.contype = 'f' AND f.conrelid = c.oid AND f.confrelid <> c.oid AND f.conname <> '${untied}')
           AS "pointsAt"
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND has_table_privilege(c.oid, 'DELETE')
      AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    ORDER BY 1`;

/** The tables from which the connection's role may remove a tenant's rows. */
export async function readOwnedTables(client: pg.PoolClient): Promise<readonly OwnedTable[]> {
  return (await client.query<OwnedTable>(ownedTables)).rows;
}

/**
 * An order in which rows can be removed: whoever points goes before what is pointed at.
 *
 * @throws Error for tables that point at each other in a circle
 */
export function deletionOrder(tables: readonly OwnedTable[]): readonly OwnedTable[] {
  const waiting = new Map(tables.map((table) => [table.name, table]));
  const order: OwnedTable[] = [];
  while (waiting.size > 0) {
    const pointedAt = new Set([...waiting.values()].flatMap((table) => table.pointsAt));
    const free = [...waiting.values()].filter((table) => !pointedAt.has(table.name));
    if (free.length === 0) throw new Error(`tables point at each other in a circle: ${[...waiting.keys()].join(', ')}`);
    for (const table of free) waiting.delete(table.name);
    order.push(...free);
  }
  return order;
}
