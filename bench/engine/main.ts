import { parseArgs } from 'node:util';
import { componentBench, exampleKernels } from './examples-bench.ts';
import { geomean, type KernelResult, kernelFiles, runKernel } from './kernel-bench.ts';
import { instantiateBench, rewriteBench } from './rewrite-bench.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '61' } },
  allowPositionals: true,
});

const rounds = Number(values.rounds);
// First, while nothing else is on the heap: what other kernels leave there would be collected in between.
const started = instantiateBench();
const component = await componentBench(rounds);
const kernels: KernelResult[] = [
  ...kernelFiles().map((file) => runKernel(file, rounds)),
  // Runs of the examples are short, so more of them are compared.
  ...exampleKernels(rounds * 5),
  component.kernel,
];
const overheads = kernels.map((kernel) => kernel.overhead);
const round = (value: number): number => Math.round(value * 1000) / 1000;
const rewriting = rewriteBench();
const result = {
  metering_overhead_geomean: round(geomean(overheads)),
  metering_overhead_worst: round(Math.max(...overheads)),
  kernels: kernels.map((kernel) => ({
    name: kernel.name,
    overhead: round(kernel.overhead),
    plain_ms: round(kernel.plainMs),
    metered_ms: round(kernel.meteredMs),
    instructions: kernel.instructions,
    size_growth: round(kernel.sizeGrowth),
  })),
  instantiate_run_us_p50: round(started.supplied.p50),
  instantiate_run_us_p99: round(started.supplied.p99),
  instantiate_run_own_memory_us_p50: round(started.own.p50),
  instantiate_run_own_memory_us_p99: round(started.own.p99),
  component_js_run_ms_p50: round(component.p50Ms),
  rewrite_mb_per_s: round(rewriting.megabytesPerSecond),
  size_growth_geomean: round(rewriting.sizeGrowthGeomean),
};

if (values.json) console.log(JSON.stringify(result));
else console.log(result);
