/**
 * `npm test`: builds, then format and lint, types, dependency rules and every Jest test. With arguments, as in
 * `npm test -- libs/wasm`, only Jest runs and gets them. The last line is plain and made to be read by a machine.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';

/** A suite that could not run at all has no tests to count: it counts as one that failed. */
function countTests(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
  };
}

async function runJest(args) {
  const { runNode } = await import('./checks.mjs');
  const folder = await mkdtemp(path.join(tmpdir(), 'tenon-jest-'));
  const outputFile = path.join(folder, 'report.json');
  const flags = ['--no-warnings=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
  try {
    const code = await runNode([...flags, '--json', `--outputFile=${outputFile}`, ...args]);
    const report = JSON.parse(await readFile(outputFile, 'utf8'));
    const counts = countTests(report);
    // Jest may fail for a reason that is no test's, such as a coverage limit.
    if (code !== 0 && counts.failed === 0) counts.failed = 1;
    return counts;
  } catch (error) {
    console.error('Jest wrote no report:', error instanceof Error ? error.message : error);
    return { passed: 0, failed: 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A build that fails is one failure, and there is nothing to test then. */
async function runAll(args) {
  const { build } = await import('./build.mjs');
  try {
    await build();
  } catch (error) {
    console.error('The build failed:', error);
    return { passed: 0, failed: 1 };
  }
  const none = { passed: 0, failed: 0 };
  const checks = args.length === 0 ? await (await import('./checks.mjs')).runChecks() : none;
  const tests = await runJest(args);
  return { passed: checks.passed + tests.passed, failed: checks.failed + tests.failed };
}

await bootstrap(fileURLToPath(import.meta.url), async (args) => {
  const { passed, failed } = await runAll(args);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
