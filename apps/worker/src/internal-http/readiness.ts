import type { Readiness } from '@tenon/contracts';

/** Asks something that the worker cannot do without; rejects when it is away. */
export interface ReadinessProbe {
  readonly name: string;
  probe(): Promise<unknown>;
}

/** A probe that hangs is a probe that fails. */
const probeMsMax = 2_000;

/** Asks all probes at once. The reasons stay in the log: the answer names parts, never addresses. */
export async function readiness(probes: readonly ReadinessProbe[]): Promise<Readiness> {
  const states = await Promise.all(probes.map(async ({ name, probe }) => [name, await stateOf(probe)] as const));
  const ready = states.every(([, state]) => state === 'ok');
  return { status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(states) };
}

async function stateOf(probe: () => Promise<unknown>): Promise<'ok' | 'failed'> {
  const { promise: late, resolve } = Promise.withResolvers<'failed'>();
  const timer = setTimeout(() => resolve('failed'), probeMsMax);
  const asked = probe().then(
    () => 'ok' as const,
    () => 'failed' as const,
  );
  const state = await Promise.race([asked, late]);
  clearTimeout(timer);
  return state;
}
