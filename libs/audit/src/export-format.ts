import { z } from 'zod';
import type { AuditEntry, AuditRecord, ChainHead } from './audit-entry.js';
import { toRecord } from './chain.js';
import { UnreadableLine } from './lines.js';

/** Named in the first line of an export, so that a reader of another time knows what it has. */
export const exportFormat = 'tenon-audit/1';

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const headSchema = z.object({ seq: z.int().min(0), hash: hashSchema });

const headerSchema = z.object({
  format: z.literal(exportFormat),
  chain: z.string(),
  start: headSchema,
  startsAtCheckpoint: z.boolean(),
  head: headSchema,
  exportedAt: z.iso.datetime(),
});

/** The first line of an export. */
export interface ExportHeader {
  readonly chain: string;
  /** What the first entry of the export follows. */
  readonly start: ChainHead;
  /** Whether entries before `start` were removed by retention, or left out by whoever asked. */
  readonly startsAtCheckpoint: boolean;
  /** Where the chain ended when the export began: an export that ends earlier was cut. */
  readonly head: ChainHead;
  /** RFC 3339. */
  readonly exportedAt: string;
}

const entrySchema = z.strictObject({
  chain: z.string(),
  seq: z.int().min(1),
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  requestId: z.string().nullable(),
  details: z.custom<AuditEntry['details']>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  ),
  prevHash: hashSchema,
  hash: hashSchema,
  seal: z.string().nullable(),
});

/** The header as a line, with its end. */
export function headerLine(header: ExportHeader): string {
  return `${JSON.stringify({ format: exportFormat, ...header })}\n`;
}

/** An entry as a line, with its end. The details keep the text that was hashed. */
export function entryLine({ detailsText, ...rest }: AuditRecord): string {
  return `${JSON.stringify(rest).slice(0, -1)},"details":${detailsText}}\n`;
}

/** @throws UnreadableLine that says what is wrong. */
export function readHeaderLine(line: string): ExportHeader {
  const { format: _known, ...header } = parsed(line, headerSchema, 'the first line is not the header of an export');
  return header;
}

/** @throws UnreadableLine that says what is wrong. */
export function readEntryLine(line: string): AuditRecord {
  const entry = parsed(line, entrySchema, 'a line is not an entry');
  try {
    return toRecord(entry);
  } catch (cause) {
    throw new UnreadableLine('the details of an entry are not what an entry can hold', { cause });
  }
}

function parsed<Value>(line: string, schema: z.ZodType<Value>, otherwise: string): Value {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new UnreadableLine(`${otherwise}: it is not JSON`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UnreadableLine(`${otherwise}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}
