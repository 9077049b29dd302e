import { type DestinationStream, type Logger, pino } from 'pino';
import { scrub, scrubText } from './scrub.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** The process: `api`, `worker`. */
  readonly name: string;
  readonly level: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * A logger that writes one JSON object per line. Secrets are taken out twice: by the name of their field, and once the
 * line is text, by their form, so that a message built from one is clean too.
 */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: scrub, bindings: scrub },
    // Errors are plain objects by then; pino's own serializer would look for an Error and find none.
    serializers: { err: (value: unknown) => value },
    hooks: { streamWrite: scrubText },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
