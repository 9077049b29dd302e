#!/usr/bin/env node
/**
 * Stands in for the engine that Prisma's command-line tool downloads for `migrate`, for machines that can't reach that
 * host: the same engine, from the registry package @prisma/schema-engine-wasm, behind the same lines of JSON-RPC.
 *
 *   PRISMA_SCHEMA_ENGINE_BINARY=scripts/prisma-schema-engine.mjs npx prisma migrate status
 *
 * It leans on how Prisma talks to its engine, which no document promises, so it serves development and the tests;
 * a running Tenon migrates with libs/database.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { adapterFactory } from './prisma-schema-adapter.mjs';

const argv = process.argv.slice(2);

/** Values of a flag that may come several times. */
function valuesOf(flag) {
  return argv.flatMap((argument, place) => (argument === flag ? [argv[place + 1]] : []));
}

const datasource = JSON.parse(valuesOf('--datasource')[0] ?? '{}');

/** The tool reads failures of the `cli` commands from a line of log. */
function failCommand(code, message) {
  const line = { level: 'ERROR', target: 'schema_engine::logger', fields: { error_code: code, message } };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  process.exitCode = 1;
}

const commandErrors = { '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1010' };

async function runCommand(command) {
  if (command !== 'can-connect-to-database') return failCommand('P1000', `not supported here: ${command}`);
  const client = new pg.Client({ connectionString: datasource.url });
  try {
    await client.connect();
  } catch (error) {
    return failCommand(commandErrors[error.code] ?? 'P1001', error.message);
  } finally {
    await client.end();
  }
}

async function loadEngine() {
  // The package's own entry imports its .wasm as a module, which Node does not do without a flag.
  const glueFile = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const glue = await import(glueFile);
  const bytes = readFileSync(path.join(path.dirname(glueFile), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}

globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => failCommand('P4466', message) };

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

/** Methods whose name differs between the two builds of the engine. */
const renamed = { getDatabaseVersion: 'version' };

async function answer(engine, { id, method, params }) {
  try {
    const result = await engine[renamed[method] ?? method](params);
    if (method === 'diff' && result?.stdout)
      send({ id: `print-${id}`, method: 'print', params: { content: result.stdout } });
    send({ id, result: result ?? {} });
  } catch (error) {
    const data = { is_panic: false, message: error.message, error_code: error.code, meta: error.meta ?? null };
    send({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } });
  }
}

async function serve() {
  const SchemaEngine = await loadEngine();
  const datamodels = valuesOf('--datamodels').map((file) => [file, readFileSync(file, 'utf8')]);
  const adapter = bindMigrationAwareSqlAdapterFactory(adapterFactory(datasource.url));
  const engine = await SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    adapter,
  );
  // One at a time: the engine is one instance of WebAssembly and can't be entered twice.
  for await (const line of createInterface({ input: process.stdin })) {
    const request = line.trim() === '' ? {} : JSON.parse(line);
    if (request.method !== undefined) await answer(engine, request);
  }
  process.exit();
}

const command = argv.indexOf('cli');
await (command === -1 ? serve() : runCommand(argv[command + 1]));
