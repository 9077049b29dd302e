import { parseArgs } from 'node:util';

export interface Options {
  /** Do everything, print, and end. */
  readonly once: boolean;
  /** Show every log line of the processes, not only warnings. */
  readonly verbose: boolean;
  readonly help: boolean;
}

export const usage = `npm start                 bring Tenon up, run the demo, stay up until Ctrl-C
npm start -- --once       the same, and end after the print
npm start -- --verbose    show every log line of the processes

DATABASE_URL and REDIS_URL replace the embedded servers; TENON_HTTP_HOST and TENON_HTTP_PORT choose the address.
TENON_STATE_DIR names another folder than .tenon for everything that is kept.
`;

/** @returns undefined, after saying why, when there is an argument that nobody knows. */
export function parseOptions(args: readonly string[]): Options | undefined {
  try {
    return parseKnown(args);
  } catch (error) {
    console.error(`Tenon: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function parseKnown(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}
