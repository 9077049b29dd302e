/**
 * What the sandbox costs: one process, its threads, and the same plug-in under Extism's own SDK.
 * `npm run bench -- sandbox --json` prints one JSON line; `--quick` takes a tenth of the samples.
 */
import { createSandboxPool } from '@tenon/sandbox';
import { compareWithExtism } from './extism.ts';
import { echoGuest } from './guests.ts';
import { cold, density, drift, neighbours, roundTrip, throughput } from './measures.ts';
import { rounded } from './timing.ts';

const share = process.argv.includes('--quick') ? 0.1 : 1;
const times = (count: number): number => Math.ceil(count * share);

const guest = await echoGuest();
const pool = createSandboxPool({ processes: 1 });
const figures = {
  ...(await throughput(pool, guest, times(40_000), 5)),
  ...(await roundTrip(pool, guest, times(5_000))),
  ...(await compareWithExtism(pool, times(60))),
  ...(await cold(pool, times(200))),
  ...(await neighbours(pool, guest, times(10))),
  ...(await drift(guest, times(10_000))),
  ...(await density(times(5_000))),
};
await pool.close();

if (process.argv.includes('--json')) console.log(JSON.stringify(rounded(figures)));
else console.table(rounded(figures));
