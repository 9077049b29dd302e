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

export interface Noop {
  readonly perS: number;
  /** CPU microseconds per job of both processes, without Redis. */
  readonly cpuUs: number;
}

/**
 * Plain BullMQ, one job per event, added by this process and worked off by another one at the same time by a function
 * that does nothing: what somebody would get by hand, before any durability, isolation or record.
 */
export async function measureBullmqNoop(redisUrl: string, jobs: number): Promise<Noop> {
  const connection = { url: redisUrl };
  const queue = new Queue(queueName, { connection, prefix });
  const worker = await startWorker(redisUrl);
  try {
    const finished = once(worker, 'message');
    worker.send({ jobs });
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
    await addAll(queue, jobs);
    const [report] = (await finished) as [{ readonly cpuUs: number }];
    const perS = Math.round((jobs * 1_000) / (performance.now() - startMs));
    const { user, system } = process.cpuUsage(startCpu);
    return { perS, cpuUs: Math.round((user + system + report.cpuUs) / jobs) };
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
