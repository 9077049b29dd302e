import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

export type ScriptArgument = string | number;

/** Runs one of the scripts that {@link defineScripts} was given. */
export type RunScript<Name extends string> = (name: Name, args: readonly ScriptArgument[]) => Promise<unknown>;

export interface ScriptFolder<Name extends string> {
  /** Holds `<name>.lua` for each name, and common.lua, which stands in front of each. Ends in a slash. */
  readonly url: URL;
  readonly names: readonly Name[];
  /** Becomes `KEYS[1]` of every call. */
  readonly rootKey: string;
}

type Command = (key: string, ...args: ScriptArgument[]) => Promise<unknown>;

/** Teaches `redis` scripts. They are sent once and then called by their hash, again after Redis forgot them. */
export function defineScripts<Name extends string>(redis: Redis, folder: ScriptFolder<Name>): RunScript<Name> {
  const textOf = (name: string) => readFileSync(new URL(`${name}.lua`, folder.url), 'utf8');
  const common = textOf('common');
  const commands = new Map<Name, Command>();
  for (const name of folder.names) {
    const command = `tenon:${folder.rootKey}:${name}`;
    redis.defineCommand(command, { numberOfKeys: 1, lua: `${common}\n${textOf(name)}` });
    const run: unknown = Reflect.get(redis, command);
    if (typeof run === 'function') commands.set(name, run.bind(redis));
  }
  return async (name, args) => commands.get(name)?.(folder.rootKey, ...args);
}
