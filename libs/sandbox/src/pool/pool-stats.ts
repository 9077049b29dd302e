import type { ProcessGroup } from './process-group.js';

/** What the pool did and holds; counters run from the pool's start. */
export interface PoolStats {
  readonly executions: number;
  readonly inFlight: number;
  readonly queued: number;
  readonly crashes: number;
  readonly recycled: number;
  /** True while no process can be started; executions are answered with `internal`. */
  readonly broken: boolean;
  readonly processes: readonly ProcessStats[];
}

export interface ProcessStats {
  readonly pid: number | undefined;
  readonly executions: number;
  readonly inFlight: number;
  /** As of the last answer to a ping. */
  readonly rssBytes: number;
  readonly cachedArtifacts: number;
  readonly cachedBytes: number;
  readonly threadsEnded: number;
}

export function statsOf(groups: readonly ProcessGroup[], suspects: ProcessGroup | undefined): PoolStats {
  const places = [...groups, ...(suspects ? [suspects] : [])].flatMap((group) => group.places);
  const sum = (of: (place: (typeof places)[number]) => number): number => places.reduce((n, p) => n + of(p), 0);
  return {
    executions: sum((place) => place.executions),
    inFlight: sum((place) => place.inFlight),
    queued: groups.reduce((n, group) => n + group.queued, suspects?.queued ?? 0),
    crashes: sum((place) => place.crashes),
    recycled: sum((place) => place.recycled),
    broken: groups[0]?.isBroken ?? false,
    processes: places.flatMap(({ ready }) =>
      ready === undefined
        ? []
        : [
            {
              pid: ready.pid,
              executions: ready.executions,
              inFlight: ready.inFlight,
              rssBytes: ready.vitals?.rssBytes ?? 0,
              cachedArtifacts: ready.vitals?.cachedArtifacts ?? 0,
              cachedBytes: ready.vitals?.cachedBytes ?? 0,
              threadsEnded: ready.vitals?.threadsEnded ?? 0,
            },
          ],
    ),
  };
}
