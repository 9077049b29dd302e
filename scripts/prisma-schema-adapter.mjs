/**
 * How Prisma's schema engine, compiled to WebAssembly, talks to Postgres: a driver adapter over `pg`. Prisma ships one
 * for applications; that one has no name for the catalog's internal type "char", which introspection reads, and it cuts
 * scripts at every semicolon, which breaks functions. Development and tests only.
 */
import { randomUUID } from 'node:crypto';
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const identity = { provider: 'postgres', adapterName: '@tenon/schema-engine-adapter' };

/** Postgres type by its number: how the engine calls it. What is not here is text. */
const columnTypes = new Map([
  [16, ColumnTypeEnum.Boolean],
  [18, ColumnTypeEnum.Character],
  [20, ColumnTypeEnum.Int64],
  [21, ColumnTypeEnum.Int32],
  [23, ColumnTypeEnum.Int32],
  [26, ColumnTypeEnum.Int64],
  [700, ColumnTypeEnum.Float],
  [701, ColumnTypeEnum.Double],
  [1000, ColumnTypeEnum.BooleanArray],
  [1002, ColumnTypeEnum.CharacterArray],
  [1003, ColumnTypeEnum.TextArray],
  [1005, ColumnTypeEnum.Int32Array],
  [1007, ColumnTypeEnum.Int32Array],
  [1009, ColumnTypeEnum.TextArray],
  [1015, ColumnTypeEnum.TextArray],
  [1016, ColumnTypeEnum.Int64Array],
  [1114, ColumnTypeEnum.DateTime],
  [1184, ColumnTypeEnum.DateTime],
]);

const textArray = pg.types.getTypeParser(1009, 'text');
/** `pg` would make a Date of a time and a string of an array of names; the engine wants it the other way round. */
const parsers = new Map([
  [1002, textArray],
  [1003, textArray],
  [1114, (text) => text.replace(' ', 'T')],
  [1184, (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')],
]);
const types = { getTypeParser: (oid, format) => parsers.get(oid) ?? pg.types.getTypeParser(oid, format) };

/** The engine reads the cause of a failure from here. */
function explained(error) {
  const { code = 'N/A', severity = 'ERROR', message, detail, column, hint, address, port } = error;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') {
    return new DriverAdapterError({ kind: 'DatabaseNotReachable', host: address, port });
  }
  if (code === '42P01') {
    return new DriverAdapterError({ kind: 'TableDoesNotExist', originalCode: code, originalMessage: message });
  }
  const original = { originalCode: code, originalMessage: message };
  return new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint, ...original });
}

function queryable(client) {
  const run = async ({ sql, args }) => {
    try {
      return await client.query({ text: sql, values: args, rowMode: 'array', types });
    } catch (error) {
      throw explained(error);
    }
  };
  return {
    ...identity,
    async queryRaw(query) {
      const { fields, rows } = await run(query);
      return {
        columnNames: fields.map((field) => field.name),
        columnTypes: fields.map((field) => columnTypes.get(field.dataTypeID) ?? ColumnTypeEnum.Text),
        rows,
      };
    },
    executeRaw: async (query) => (await run(query)).rowCount ?? 0,
    /** In one piece, as the engine that Prisma downloads elsewhere sends it. */
    async executeScript(script) {
      try {
        await client.query(script);
      } catch (error) {
        throw explained(error);
      }
    },
    getConnectionInfo: () => ({ schemaName: 'public', supportsRelationJoins: true }),
  };
}

/** `BEGIN` is ours; COMMIT and ROLLBACK come from the engine as queries, after which it calls these. */
async function startTransaction(pool) {
  const client = await pool.connect();
  await client.query('BEGIN');
  const end = async () => client.release();
  return { ...queryable(client), options: { usePhantomQuery: false }, commit: end, rollback: end };
}

function connection(pool, dispose) {
  return { ...queryable(pool), startTransaction: () => startTransaction(pool), dispose };
}

function openPool(url) {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  return pool;
}

/** A database beside the one of `url`, for the engine to build up the migrations in; gone when it is done. */
async function openShadow(url) {
  const name = `tenon_shadow_${randomUUID().replaceAll('-', '')}`;
  const owner = openPool(url);
  await owner.query(`CREATE DATABASE ${name}`);
  const shadowUrl = new URL(url);
  shadowUrl.pathname = `/${name}`;
  const shadow = openPool(shadowUrl.href);
  return connection(shadow, async () => {
    await shadow.end();
    await owner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await owner.end();
  });
}

/** What the engine asks for connections: to the database of `url`, and to one for trying things out. */
export function adapterFactory(url) {
  return {
    ...identity,
    async connect() {
      const pool = openPool(url);
      return connection(pool, () => pool.end());
    },
    connectToShadowDb: () => openShadow(url),
  };
}
