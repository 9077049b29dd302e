import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { Argument } from './encode.js';

/** The files of `lua/`; common.lua stands in front of each. */
const scriptNames = ['offer', 'dispatch', 'settle', 'expired', 'renew', 'remove', 'set-tenant', 'stats'] as const;
type ScriptName = (typeof scriptNames)[number];

/** Runs one script of the fair queue. */
export type RunScript = (name: ScriptName, args: readonly Argument[]) => Promise<unknown>;

type Command = (key: string, ...args: Argument[]) => Promise<unknown>;

function textOf(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
}

/** Teaches `redis` the scripts. They are sent once and then called by their hash, again after Redis forgot them. */
export function defineScripts(redis: Redis, rootKey: string): RunScript {
  const common = textOf('common');
  const commands = new Map<ScriptName, Command>();
  for (const name of scriptNames) {
    const command = `tenonFair:${name}`;
    redis.defineCommand(command, { numberOfKeys: 1, lua: `${common}\n${textOf(name)}` });
    const run: unknown = Reflect.get(redis, command);
    if (typeof run === 'function') commands.set(name, run.bind(redis));
  }
  return async (name, args) => commands.get(name)?.(rootKey, ...args);
}
