import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Secret } from '@tenon/config';
import { ProblemError, type RunRequest } from '@tenon/contracts';
import { LinkError, RunLink, type RunReply } from './run-link.js';

export interface RunWorkersOptions {
  /** Internal endpoints. A host name stands for all of its addresses. */
  readonly urls: readonly string[];
  readonly token: Secret<string>;
}

/** Names are looked up again after this long: workers come and go. */
const lookupMs = 10_000;
const workersMax = 64;
/** Workers that one run is tried on. */
const triesMax = 2;
/** A worker that could not be reached is left alone for a moment, as long as there is another. */
const restMs = 1_000;

/** The workers, and which of them a run goes to: the one with the fewest runs in its hands. */
export class RunWorkers {
  private links: readonly RunLink[] = [];
  private readonly restingUntilMs = new WeakMap<RunLink, number>();
  private lookedUpMs = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | undefined;

  constructor(private readonly options: RunWorkersOptions) {}

  /**
   * Asks the least loaded worker, and another one where that has not begun or went away: a run has no effect but its
   * record, and the ids of its records are made of its own, so that even a run that is run twice is recorded once.
   *
   * @param timeoutMs what is left until nobody waits any more
   * @throws ProblemError `unavailable` or `run_timed_out`
   */
  async run(request: RunRequest, body: Uint8Array, timeoutMs: number): Promise<RunReply> {
    const startMs = performance.now();
    // Nobody waits for a name that was known a moment ago.
    const isFresh = startMs - this.lookedUpMs < lookupMs;
    if (!isFresh) await this.lookUp();
    let refused: RunReply | undefined;
    const tried = new Set<RunLink>();
    for (let tries = 0; tries < triesMax; tries += 1) {
      const link = this.leastLoaded(tried);
      if (link === undefined) break;
      tried.add(link);
      const passedMs = performance.now() - startMs;
      if (passedMs >= timeoutMs) throw timedOut();
      try {
        const spentMs = request.spentMs + passedMs;
        const reply = await link.ask({ ...request, spentMs }, body, timeoutMs - passedMs);
        if (reply.head.refusal?.code !== 'unavailable' || reply.head.refusal.begun) return reply;
        refused = reply;
      } catch (error) {
        if (!(error instanceof LinkError)) throw error;
        if (error.timedOut) throw timedOut();
        this.restingUntilMs.set(link, performance.now() + restMs);
        // A lone worker may have been restarted meanwhile.
        if (this.links.length === 1) tried.delete(link);
      }
    }
    if (refused !== undefined) return refused;
    throw new ProblemError('unavailable', 'No worker answered; try again.');
  }

  close(): void {
    for (const link of this.links) link.close();
  }

  private leastLoaded(tried: ReadonlySet<RunLink>): RunLink | undefined {
    const nowMs = performance.now();
    let best: RunLink | undefined;
    let bestRests = false;
    for (const link of this.links) {
      if (tried.has(link)) continue;
      const rests = (this.restingUntilMs.get(link) ?? 0) > nowMs;
      if (best === undefined || (bestRests && !rests) || (rests === bestRests && link.load < best.load)) {
        best = link;
        bestRests = rests;
      }
    }
    return best;
  }

  private async lookUp(): Promise<void> {
    this.looking ??= this.lookUpNow().finally(() => {
      this.looking = undefined;
    });
    if (this.links.length === 0) await this.looking;
  }

  private async lookUpNow(): Promise<void> {
    const found = (await Promise.all(this.options.urls.map(addressesOf))).flat();
    this.lookedUpMs = performance.now();
    const urls = [...new Set(found)].slice(0, workersMax);
    const gone = this.links.filter(({ url }) => !urls.includes(url));
    this.links = urls.map(
      (url) => this.links.find((link) => link.url === url) ?? new RunLink({ url, token: this.options.token }),
    );
    // What is under way there may still be answered; the worker closes the connection when it ends.
    for (const link of gone) if (link.load === 0) link.close();
  }
}

/** One URL per address of the host; the URL itself where names can't be looked up, or where TLS needs the name. */
async function addressesOf(url: string): Promise<readonly string[]> {
  const { hostname, protocol } = new URL(url);
  if (isIP(hostname.replace(/[[\]]/g, '')) !== 0 || protocol === 'https:') return [url];
  const found = await lookup(hostname, { all: true }).catch(() => []);
  if (found.length === 0) return [url];
  return found.map(({ address, family }) => {
    const one = new URL(url);
    one.hostname = family === 6 ? `[${address}]` : address;
    return one.href;
  });
}

function timedOut(): ProblemError {
  return new ProblemError('run_timed_out', 'The run did not end by its deadline.');
}
