import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../pipeline/stack.ts';

/** What the load process is to do. */
export interface LoadOrder {
  readonly url: string;
  /** A whole HTTP request as text. */
  readonly request: string;
  readonly connections: number;
  readonly seconds: number;
  /** Absent: as fast as answers come. */
  readonly ratePerS?: number;
}

export interface LoadResult {
  /** Those with status 200. */
  readonly answers: number;
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Other answers, by status. */
  readonly failures: Readonly<Record<string, number>>;
}

const script = path.join(root, 'bench/sync/load-process.ts');

/** @throws when any answer was not 200: a figure over refusals means nothing */
export async function load(order: LoadOrder): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(order)]);
  const result: LoadResult = JSON.parse(stdout);
  if (Object.keys(result.failures).length > 0) throw new Error(`refused: ${JSON.stringify(result.failures)}`);
  return result;
}
