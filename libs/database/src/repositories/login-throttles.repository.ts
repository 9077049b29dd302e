import type { PrismaTransaction } from '../connection/prisma.js';

/** What failed sign-ins are counted by, and how many of them are free. */
export interface ThrottleSubject {
  /** SHA-256 of what is held back, 32 bytes. */
  readonly subject: Uint8Array;
  /** From this failure on, each one doubles the time until the next attempt. */
  readonly freeFailures: number;
}

/** Whoever fails no more for this long starts afresh. */
const memoryS = 3_600;
/** The first pause; it doubles up to a quarter of an hour, so that nobody is locked out for good. */
const firstPauseS = 2;
const pauseSMax = 900;
/** Rows that are over are removed in passing, so the table stays as long as an hour of failures. */
const prunedMax = 100;

/** Holds back whoever guesses passwords. Attempts are counted before they are judged, so that many at once don't slip in. */
export class LoginThrottlesRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  /**
   * Counts an attempt against every subject. @returns 0 when it may go on; else the seconds until one may. Then roll the
   * transaction back: an attempt that was not judged is not counted.
   */
  async take(subjects: readonly ThrottleSubject[]): Promise<number> {
    // Always in the same order, so that two attempts never wait for each other.
    const ordered = [...subjects].sort((a, b) => Buffer.compare(a.subject, b.subject));
    for (const subject of ordered) {
      if (!(await this.#count(subject))) return this.#secondsLeft(subjects);
    }
    await this.#prune();
    return 0;
  }

  /** Takes back what a right password was counted for, and forgives the subjects in `forgiven` altogether. */
  async succeed(subjects: readonly ThrottleSubject[], forgiven: readonly ThrottleSubject[]): Promise<void> {
    const keys = (list: readonly ThrottleSubject[]) => list.map(({ subject }) => new Uint8Array(subject));
    await this.prisma.loginThrottle.deleteMany({ where: { subject: { in: keys(forgiven) } } });
    await this.prisma.loginThrottle.updateMany({
      where: { subject: { in: keys(subjects) }, failures: { gt: 0 } },
      data: { failures: { decrement: 1 }, blockedUntil: new Date() },
    });
  }

  async #count({ subject, freeFailures }: ThrottleSubject): Promise<boolean> {
    const key = new Uint8Array(subject);
    const counted = await this.prisma.$queryRaw<unknown[]>`
      INSERT INTO login_throttles AS t (subject, failures, blocked_until) VALUES (${key}, 1, clock_timestamp())
        ON CONFLICT (subject) DO UPDATE SET
          failures = CASE WHEN t.last_failure_at < clock_timestamp() - make_interval(secs => ${memoryS}::int) THEN 1
                          ELSE least(t.failures + 1, 1000) END,
          last_failure_at = clock_timestamp(),
          blocked_until = clock_timestamp() + make_interval(secs => CASE
            WHEN t.last_failure_at < clock_timestamp() - make_interval(secs => ${memoryS}::int) THEN 0
            WHEN t.failures + 1 < ${freeFailures}::int THEN 0
            ELSE least(${firstPauseS}::int * 2.0 ^ least(t.failures + 1 - ${freeFailures}::int, 20), ${pauseSMax}::int)
            END)
          WHERE t.blocked_until <= clock_timestamp()
        RETURNING 1`;
    return counted.length === 1;
  }

  async #secondsLeft(subjects: readonly ThrottleSubject[]): Promise<number> {
    const where = { subject: { in: subjects.map(({ subject }) => new Uint8Array(subject)) } };
    const rows = await this.prisma.loginThrottle.findMany({ where, select: { blockedUntil: true } });
    const leftMs = Math.max(...rows.map(({ blockedUntil }) => blockedUntil.getTime() - Date.now()), 0);
    return Math.max(1, Math.ceil(leftMs / 1_000));
  }

  async #prune(): Promise<void> {
    await this.prisma.$executeRaw`
      DELETE FROM login_throttles WHERE subject IN (
        SELECT subject FROM login_throttles
          WHERE last_failure_at < now() - make_interval(secs => ${memoryS}::int) AND blocked_until < now()
          ORDER BY last_failure_at LIMIT ${prunedMax}::int FOR UPDATE SKIP LOCKED)`;
  }
}
