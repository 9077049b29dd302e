import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DevstackError } from './errors.js';

const run = promisify(execFile);

/** The user that a server runs as; undefined means: as ourselves. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

async function lookUp(name: string): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { name, uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

/**
 * Postgres refuses to run as root, so root lends it an account that every system has. No account is ever created.
 * @throws DevstackError when this is root and neither `postgres` nor `nobody` exists.
 */
export async function serverUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const user = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (user !== undefined) return user;
  throw new DevstackError(
    'Postgres does not run as root, and there is no user "postgres" or "nobody" to run it as. Start Tenon as another user, or set DATABASE_URL.',
  );
}

/** Whether `user` can run this command to a good end; how we ask "can it reach that file?" without guessing at modes. */
export async function canRun(user: SystemUser | undefined, program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(program, args, {
      cwd: '/',
      timeout: 20_000,
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    return true;
  } catch {
    return false;
  }
}
