/**
 * One Postgres and one Redis for a whole Jest run, started when the first test asks for them: a run that needs neither
 * pays nothing. The servers belong to the parent process, because Jest's workers come and go; tests ask it over a
 * socket in a folder of this run's own, so that several runs on one machine never meet.
 */
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWorkspace } from '../../../scripts/build.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const folderPrefix = 'tenon-test-';
const redisDatabases = 256;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Runs that were killed could not tidy up; their servers stopped with them, their folders are removed here. */
async function removeLeftOvers() {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(folderPrefix))) {
    const folder = path.join(tmpdir(), name);
    const pid = Number(await readFile(path.join(folder, 'pid'), 'utf8').catch(() => 'NaN'));
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

async function startServers(folder) {
  await removeLeftOvers();
  await buildWorkspace('libs/devstack');
  const { startDevstack } = await import(path.join(root, 'libs/devstack/dist/index.js'));
  return startDevstack({
    folder,
    redisBinaryFolder: path.join(root, '.tenon/redis/server'),
    databaseUrl: process.env.TEST_DATABASE_URL,
    redisUrl: process.env.TEST_REDIS_URL,
    durable: false,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
}

/** What a test is told; each answer carries a Redis database number that no other test of this run was given. */
function answerFor(stack, turn) {
  const redisIsOurs = process.env.TEST_REDIS_URL === undefined;
  return {
    databaseUrl: stack.postgres.url,
    redisUrl: stack.redis.url,
    ...(redisIsOurs ? { redisDatabase: turn % redisDatabases } : {}),
  };
}

export async function startStackServer() {
  const folder = await mkdtemp(path.join(tmpdir(), folderPrefix));
  await writeFile(path.join(folder, 'pid'), String(process.pid));
  // As root, Postgres runs as somebody else, who has to pass through.
  await chmod(folder, 0o711);
  let starting;
  let turn = 0;
  const server = createServer((_request, response) => {
    starting ??= startServers(folder);
    const mine = turn;
    turn += 1;
    starting.then(
      (stack) => response.end(JSON.stringify(answerFor(stack, mine))),
      (error) => response.writeHead(500).end(String(error?.message ?? error)),
    );
  });
  const socket = path.join(folder, 'stack.sock');
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  await chmod(socket, 0o600);
  server.unref();
  return {
    socket,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      const stack = await starting?.catch(() => undefined);
      await stack?.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
