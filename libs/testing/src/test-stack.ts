import { request } from 'node:http';
import { z } from 'zod';

const startTimeoutMs = 120_000;

const answerSchema = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string(),
  redisDatabase: z.int().optional(),
});

export type TestStack = z.output<typeof answerSchema>;

/** The servers of this test run; the first call of a run starts them. */
export function testStack(): Promise<TestStack> {
  const socketPath = process.env.TENON_TEST_STACK;
  if (socketPath === undefined) {
    throw new Error('Run this test through the jest.config.mjs of the repository: it starts Postgres and Redis.');
  }
  return new Promise((resolve, reject) => {
    // A connection of its own: a kept one may have been closed by the other side just before it is used again.
    const options = { socketPath, path: '/', timeout: startTimeoutMs, agent: false } as const;
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode !== 200) return reject(new Error(body));
        return resolve(answerSchema.parse(JSON.parse(body)));
      });
    });
    call.on('timeout', () => call.destroy(new Error('Postgres and Redis did not start within two minutes.')));
    call.on('error', reject);
    call.end();
  });
}
