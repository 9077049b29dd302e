/** Brings a stack up in the folder it is given, says so on one line, and waits to be killed. */
import { startDevstack } from '../dist/index.js';

const [folder, redisBinaryFolder] = process.argv.slice(2);
const stack = await startDevstack({ folder, redisBinaryFolder, durable: true });
console.log(
  JSON.stringify({
    databaseUrl: stack.postgres.url,
    redisUrl: stack.redis.url,
    pids: [stack.postgres.process.pid, stack.redis.process.pid],
  }),
);
setInterval(() => undefined, 1_000);
