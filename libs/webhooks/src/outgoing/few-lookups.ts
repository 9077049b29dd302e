import type { ResolveHost } from './guarded-agent.js';

/**
 * Asks for the addresses of few hosts at once, and for those of one host once for all who want to know at that moment.
 *
 * The system resolves names in threads that the whole process shares with its files (four of them in Node), and a name
 * whose servers don't answer holds one for ten seconds and more. Endpoints must not take them all.
 *
 * @param lookupsMax - hosts that are asked for at once; others wait their turn
 */
export function fewLookups(resolve: ResolveHost, lookupsMax: number): ResolveHost {
  const underWay = new Map<string, Promise<readonly string[]>>();
  const waiting: Array<() => void> = [];
  let running = 0;
  const turn = async () => {
    if (running >= lookupsMax) await new Promise<void>((go) => waiting.push(go));
    else running += 1;
  };
  const done = () => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return (host) => {
    const known = underWay.get(host);
    if (known !== undefined) return known;
    const asked = turn()
      .then(() => resolve(host).finally(done))
      .finally(() => underWay.delete(host));
    underWay.set(host, asked);
    return asked;
  };
}
