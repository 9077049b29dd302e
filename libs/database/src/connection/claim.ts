import { AsyncLocalStorage } from 'node:async_hooks';
import { ProblemError } from '@tenon/contracts';
import type { PrismaTransaction } from './prisma.js';

/** A request that may have its effect once; see {@link underClaim}. */
export interface Claim {
  /** 122 random bits. */
  readonly id: string;
  /** False once the request is answered: what still runs in its name then no longer belongs to it. */
  open: boolean;
}

const current = new AsyncLocalStorage<Claim>();

/**
 * Runs `work`, and whatever it starts, in the name of a claim: every transaction of it that changes something commits
 * together with a note of that on the claim, or not at all. So two runs for one claim can't both have an effect, and
 * after a crash it is known whether there was one.
 */
export function underClaim<Result>(claim: Claim, work: () => Result): Result {
  return current.run(claim, work);
}

/**
 * The last statement of a control-plane transaction.
 *
 * @throws ProblemError `idempotency_in_progress` where the claim was lost to a later try: the transaction rolls back
 */
export async function holdClaim(transaction: PrismaTransaction): Promise<void> {
  const claim = current.getStore();
  if (claim === undefined || !claim.open) return;
  const rows = await transaction.$queryRaw<{ held: boolean }[]>`
    SELECT fence_idempotent_request(${claim.id}::uuid) AS held`;
  if (rows[0]?.held === true) return;
  throw new ProblemError('idempotency_in_progress', 'Another try of this request has taken over.');
}
