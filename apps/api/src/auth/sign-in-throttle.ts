import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Database, IdentityTransaction, ThrottleSubject } from '@tenon/database';
import { RetryLaterError } from '../http/retry-later.error.js';

/** Failures that cost nothing yet. Anybody mistypes a password; an office shares an address. */
const freeFailures = { accountFromAddress: 5, account: 20, address: 30 } as const;

/** What an attempt is counted by, and which of it a right password forgives. */
export interface AttemptSubjects {
  readonly all: readonly ThrottleSubject[];
  readonly forgiven: readonly ThrottleSubject[];
}

/** Thrown with the time after which the next attempt is looked at. */
export class SignInBlockedError extends RetryLaterError {
  constructor(retryAfterS: number) {
    super('sign_in_blocked', `Too many sign-ins failed; try again in ${retryAfterS} s.`, retryAfterS);
  }
}

/**
 * An account at one address is held back first, so that somebody who guesses doesn't lock the owner out, who sits
 * elsewhere; then the account wherever it is tried from, and the address whatever it tries.
 */
export function subjectsOf(email: string, address: string): AttemptSubjects {
  const network = networkOf(address);
  const both = subject(`account\n${email}\n${network}`, freeFailures.accountFromAddress);
  const account = subject(`account\n${email}`, freeFailures.account);
  return { all: [both, account, subject(`address\n${network}`, freeFailures.address)], forgiven: [both, account] };
}

/**
 * Counts an attempt before it is judged.
 *
 * @throws SignInBlockedError when one of the subjects has to wait; then nothing is counted
 */
export function takeAttempt(database: Database, { all }: AttemptSubjects): Promise<void> {
  return database.asIdentity(async (tx) => {
    const waitS = await tx.throttles.take(all);
    // Thrown inside, so that what was counted for the other subjects is rolled back.
    if (waitS > 0) throw new SignInBlockedError(waitS);
  });
}

/** Forgets the failures of an account whose password was right. The address keeps those that it had. */
export function forgiveAttempt(tx: IdentityTransaction, { all, forgiven }: AttemptSubjects): Promise<void> {
  return tx.throttles.succeed(all, forgiven);
}

function subject(text: string, free: number): ThrottleSubject {
  return { subject: createHash('sha256').update(`tenon/sign-in\n${text}`).digest(), freeFailures: free };
}

/** Whoever has one address of IPv6 has 2^64 of them; IPv4 written as IPv6 is IPv4. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
