import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ProblemError } from '@tenon/contracts';

/**
 * Argon2id with 19 MiB, two passes and one lane: the first choice of OWASP's password storage cheat sheet, about 40 ms
 * here. Hashes carry their own figures, so these may grow and old hashes still be checked.
 */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const saltBytes = 16;
const hashBytes = 32;
/** Hashes at once, and callers that may wait for their turn: together the memory that sign-ins can take. */
const runningMax = 4;
const waitingMax = 64;
/** No hash of ours costs more; a row that says so was not written by us. */
const memoryKiBMax = 262_144;
const passesMax = 16;
const lanesMax = 8;

const derive = promisify(argon2);
const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;
const withoutPadding = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

let running = 0;
const waiting: (() => void)[] = [];

/** The hash of a password in the PHC string format, with a salt of its own. @throws ProblemError `unavailable` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await inTurn(() => run(password, salt, cost));
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${withoutPadding(salt)}$${withoutPadding(hash)}`;
}

/**
 * Whether `password` is the one behind `stored`. Without a stored hash, as for an unknown account, the same work is done
 * and the answer is no: the time to it does not tell whether an account exists.
 *
 * @throws ProblemError `unavailable` when too many wait already
 */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] = form.exec(stored ?? '') ?? [];
  if (salt === undefined || hash === undefined) {
    await inTurn(() => run(password, Buffer.alloc(saltBytes), cost));
    return false;
  }
  const figures = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  if (figures.memory > memoryKiBMax || figures.passes > passesMax || figures.parallelism > lanesMax) return false;
  const computed = await inTurn(() => run(password, Buffer.from(salt, 'base64'), figures));
  return timingSafeEqual(computed, Buffer.from(hash, 'base64'));
}

/** The same password typed on another keyboard may arrive as other code points; NFKC makes them one. */
function run(password: string, nonce: Buffer, figures: { memory: number; passes: number; parallelism: number }) {
  const message = Buffer.from(password.normalize('NFKC'));
  return derive('argon2id', { message, nonce, tagLength: hashBytes, ...figures });
}

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (running >= runningMax) {
    if (waiting.length >= waitingMax) throw new ProblemError('unavailable', 'Too many people sign in; try again.');
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    await promise;
  } else running += 1;
  try {
    return await work();
  } finally {
    // The place goes straight to the next in line, so a newcomer can't take it in between.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
