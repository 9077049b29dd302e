import { Worker } from 'bullmq';

/** The other process of bullmq-noop.ts: says when it is ready, and again when it has seen as many jobs as it was told. */
const [redisUrl = '', queueName = '', prefix = ''] = process.argv.slice(2);
const concurrency = 200;
let wanted = Number.POSITIVE_INFINITY;
let seen = 0;
let started = process.cpuUsage();

function report(): void {
  if (seen < wanted) return;
  const { user, system } = process.cpuUsage(started);
  process.send?.({ cpuUs: user + system });
}

process.on('message', (message: { jobs: number }) => {
  started = process.cpuUsage();
  wanted = message.jobs;
  report();
});

const worker = new Worker(queueName, async () => undefined, { connection: { url: redisUrl }, prefix, concurrency });
worker.on('completed', () => {
  seen += 1;
  report();
});
await worker.waitUntilReady();
process.send?.('ready');
