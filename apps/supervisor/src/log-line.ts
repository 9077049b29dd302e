import { z } from 'zod';

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string().optional(),
  context: z.string().optional(),
  err: z.looseObject({ message: z.string().optional() }).optional(),
});

const serious = new Set(['warn', 'error', 'fatal']);

export interface ShownLine {
  /** For a person, without the process's name. */
  readonly text: string;
  /** Worth showing when nobody asked for more. What is not a log line is: it may be the last word before a crash. */
  readonly important: boolean;
}

function parse(line: string): z.output<typeof lineSchema> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Makes one line of a process's output readable. */
export function showLogLine(line: string): ShownLine {
  const parsed = parse(line);
  if (parsed === undefined) return { text: line, important: true };
  const message = [parsed.context, parsed.msg].filter((part) => part !== undefined).join(': ');
  const cause = parsed.err?.message;
  const text = cause === undefined || cause === parsed.msg ? message : `${message} (${cause})`;
  return { text: `${parsed.level.padEnd(5)} ${text}`, important: serious.has(parsed.level) };
}
