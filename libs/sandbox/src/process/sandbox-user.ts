import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { SandboxLogger } from '../pool/pool-options.js';

/** A user and group that no system gives to anybody: it owns nothing, and nobody else's processes are its own. */
const unusedId = 64_117;
const trialMsMax = 5_000;

export interface SandboxUser {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Starts as that user and reads what a sandbox process has to read. */
const trial = 'for (const file of process.argv.slice(1)) require("node:fs").readFileSync(file)';

function canStartAs(id: number, files: readonly string[]): boolean {
  const { status } = spawnSync(process.execPath, ['-e', trial, ...files], {
    cwd: '/',
    env: {},
    uid: id,
    gid: id,
    stdio: 'ignore',
    timeout: trialMsMax,
  });
  return status === 0;
}

/**
 * The user that sandbox processes run as: the one that was asked for, or else, when the host is root, one that owns
 * nothing. Tried once, because a container may withhold the right to change users, and a folder of root's may be closed
 * to everybody else; then the processes stay root's, which is logged as a warning.
 *
 * @param bundlePath the folder with `run/` and `build/`.
 */
export function sandboxUser(asked: SandboxUser, bundlePath: string, logger: SandboxLogger): SandboxUser {
  if (asked.uid !== undefined || asked.gid !== undefined || process.getuid?.() !== 0) return asked;
  const scripts = ['run', 'build'].map((role) => path.join(bundlePath, role, 'main.mjs'));
  if (canStartAs(unusedId, scripts)) return { uid: unusedId, gid: unusedId };
  logger.warn(
    { uid: unusedId, bundlePath },
    'sandbox processes run as root: no other user may be taken or may read their scripts; set TENON_SANDBOX_UID',
  );
  return {};
}
