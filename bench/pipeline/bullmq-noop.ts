import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';

const queueName = 'noop';
const prefix = 'bench-noop';
const addsInFlight = 100;

/** The payload that a user without Tenon would put into a job: the event itself. */
const payload = {
  source: '/bench',
  type: 'cart.updated',
  data: { currency: 'EUR', lines: [{ sku: 'mug', quantity: 12 }] },
};

/**
 * Plain BullMQ, one job per event, added by this process and worked off by another one at the same time by a function
 * that does nothing: what somebody would get by hand, before any durability, isolation or record.
 */
export async function measureBullmqNoop(redisUrl: string, jobs: number): Promise<number> {
  const connection = { url: redisUrl };
  const queue = new Queue(queueName, { connection, prefix });
  const worker = await startWorker(redisUrl);
  try {
    const finished = once(worker, 'message');
    worker.send({ jobs });
    const startMs = performance.now();
    await addAll(queue, jobs);
    await finished;
    return Math.round((jobs * 1_000) / (performance.now() - startMs));
  } finally {
    worker.kill('SIGKILL');
    await queue.obliterate({ force: true });
    await queue.close();
  }
}

async function addAll(queue: Queue, jobs: number): Promise<void> {
  let left = jobs;
  const add = async () => {
    while (left > 0) {
      left -= 1;
      await queue.add(queueName, payload, { removeOnComplete: true });
    }
  };
  await Promise.all(Array.from({ length: addsInFlight }, add));
}

async function startWorker(redisUrl: string): Promise<ChildProcess> {
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'bullmq-noop-worker.ts');
  const worker = spawn(process.execPath, ['--no-warnings=ExperimentalWarning', file, redisUrl, queueName, prefix], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(worker, 'message');
  return worker;
}
