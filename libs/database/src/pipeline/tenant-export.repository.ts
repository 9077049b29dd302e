import type { Id } from '@tenon/contracts';
import type pg from 'pg';
import { inTenant } from '../connection/transaction.js';

/** Where an export goes on. */
export interface ExportPlace {
  /** The section that is being read. */
  readonly section: string;
  /** The key of the last row that was read; empty at the beginning of a section. */
  readonly after: readonly string[];
}

export interface ExportPart {
  readonly section: string;
  /** Rows as JSON text, as Postgres writes it. */
  readonly rows: readonly string[];
  /** Where to go on; absent at the end of the export. */
  readonly next?: ExportPlace;
}

interface Section {
  readonly name: string;
  readonly table: string;
  /** What binds its rows to the tenant, `$1`; row-level security does so too. */
  readonly bound: string;
  readonly columns: readonly string[];
  readonly key: readonly { readonly column: string; readonly type: string }[];
}

/** A part holds no more than this, or one row that is larger by itself. */
const partBytesMax = 1_000_000;
const partRowsMax = 500;

/** What is no data of the tenant's: work that is being done, and answers that are kept for a day in case of a repetition. */
export const notExported: ReadonlySet<string> = new Set(['idempotency_keys']);

/**
 * Every table with rows of tenants that the application may read, and in it every column but bytes: what is secret
 * (hashes of keys and tokens, sealed secrets) is bytes, and stays here.
 */
const sections = `
  SELECT c.relname AS name, c.oid::regclass::text AS table,
         CASE c.relname WHEN 'tenants' THEN 'id = $1' WHEN 'audit_entries' THEN 'chain = $1'
                        WHEN 'users' THEN '$1::text IS NOT NULL' ELSE 'tenant_id = $1' END AS bound,
         (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND a.atttypid NOT IN ('bytea'::regtype, 'bytea[]'::regtype)
              AND has_column_privilege(c.oid, a.attnum, 'SELECT')) AS columns,
         (SELECT json_agg(json_build_object('column', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod))
                          ORDER BY array_position(i.indkey::int2[], a.attnum))
            FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
            WHERE i.indrelid = c.oid AND i.indisprimary) AS key
    FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND has_any_column_privilege(c.oid, 'SELECT') AND NOT c.relname = ANY ($1)
      AND (c.relname IN ('tenants', 'users', 'audit_entries')
           OR EXISTS (SELECT FROM pg_attribute AS a
                        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))
    ORDER BY c.relname <> 'tenants', c.relname = 'audit_entries', c.relname`;

/** Reads everything that a tenant has, part by part. Each part is a transaction of its own, so a reader may be slow. */
export class TenantExportRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** @returns null where `place` names nothing that can be read. */
  read(tenantId: Id<'tenant'>, place?: ExportPlace): Promise<ExportPart | null> {
    return inTenant(this.pool, tenantId, async (client) => {
      const all = (await client.query<Section>(sections, [[...notExported]])).rows;
      const at = place === undefined ? 0 : all.findIndex(({ name }) => name === place.section);
      const section = all[at];
      if (section === undefined) return null;
      const after = place?.after ?? [];
      if (after.length > 0 && after.length !== section.key.length) return null;
      const rows = await readRows(client, section, tenantId, after);
      const last = rows.at(-1);
      const part = { section: section.name, rows: rows.map(({ line }) => line) };
      if (last !== undefined) return { ...part, next: { section: section.name, after: last.place } };
      const following = all[at + 1];
      return following === undefined ? part : { ...part, next: { section: following.name, after: [] } };
    });
  }
}

interface Row {
  readonly line: string;
  readonly place: readonly string[];
}

async function readRows(
  client: pg.PoolClient,
  { table, bound, columns, key }: Section,
  tenantId: string,
  after: readonly string[],
): Promise<readonly Row[]> {
  const names = key.map(({ column }) => column).join(', ');
  const bounds = key.map(({ type }, index) => `$${index + 3}::text::${type}`).join(', ');
  const beyond = after.length === 0 ? '' : `AND (${names}) > (${bounds})`;
  const query = `
    WITH page AS MATERIALIZED (
      SELECT ${columns.join(', ')}, ARRAY[${key.map(({ column }) => `${column}::text`).join(', ')}] AS export_place,
             row_number() OVER (ORDER BY ${names}) AS export_number
        FROM ${table} WHERE ${bound} ${beyond} ORDER BY ${names} LIMIT $2
    ), lines AS (
      SELECT (to_jsonb(page) - 'export_place' - 'export_number')::text AS line, export_place AS place, export_number AS number
        FROM page
    ), measured AS (
      SELECT line, place, number, sum(octet_length(line)) OVER (ORDER BY number) AS bytes FROM lines
    )
    SELECT line, place FROM measured WHERE bytes <= ${partBytesMax} OR number = 1 ORDER BY number`;
  return (await client.query<Row>(query, [tenantId, partRowsMax, ...after])).rows;
}
