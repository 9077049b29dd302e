import { type ProcessName, type ValuesOf, type VariableFacts, variables } from './variables.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment is not fit to start with: every variable that is wrong, by name, and never its value. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function parseOne(name: string, facts: VariableFacts, text: string | undefined, problems: string[]): unknown {
  // Compose files and charts set what they have no value for to the empty string.
  const given = text === undefined || text === '' ? facts.fallback : text;
  if (given === undefined) {
    if (facts.optional !== true) problems.push(`${name}: is required (${facts.meaning})`);
    return undefined;
  }
  const result = facts.schema.safeParse(given);
  if (result.success) return result.data;
  problems.push(`${name}: ${result.error.issues[0]?.message ?? 'is not valid'}`);
  return undefined;
}

/** Like a typing error in a name that nobody reads: reported, because it would otherwise go unnoticed for ever. */
function unknownNames(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith('TENON_') && !Object.hasOwn(variables, name))
    .map((name) => `${name}: there is no such variable; see docs/configuration.md`);
}

/**
 * Parses what `process` reads from the environment.
 * @throws ConfigError that names every variable that is missing, wrong or unknown.
 */
export function parseEnvironment<Process extends ProcessName>(
  process: Process,
  environment: Environment,
): ValuesOf<Process> {
  const problems = unknownNames(environment);
  const parsed: Record<string, unknown> = {};
  for (const [name, facts] of Object.entries<VariableFacts>(variables)) {
    if (facts.processes.includes(process)) parsed[name] = parseOne(name, facts, environment[name], problems);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return parsed as ValuesOf<Process>;
}
