import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ExportVerification, verifyExport } from './verify-export.js';

const usage = `Usage: tenon-audit-verify <export.ndjson | -> [--head <sha256>] [--json]

Verifies an export of an audit chain (GET /v1/audit/export) without a database, and names the first entry that was
altered, removed, moved, added or cut off.

  -               read from standard input
  --head <hash>   the hash of the last entry, kept elsewhere: without it a wholly made-up export can't be told
  --json          answer in JSON
  --help          say this

Exit code: 0 intact, 1 broken, 2 not verified (wrong arguments, no such file).
`;

export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

const exitCodes = { intact: 0, broken: 1, notVerified: 2 } as const;

/** The command `tenon-audit-verify`. @returns its exit code. */
export async function verifyCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  if (args.includes('--help')) {
    output.out(usage);
    return exitCodes.intact;
  }
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    output.error(`${parsed}\n\n${usage}`);
    return exitCodes.notVerified;
  }
  try {
    const chunks = parsed.file === '-' ? process.stdin : createReadStream(parsed.file);
    const result = await verifyExport(chunks, { expectedHash: parsed.head });
    output.out(parsed.json ? `${JSON.stringify(result)}\n` : describe(result, parsed.head !== undefined));
    return result.intact ? exitCodes.intact : exitCodes.broken;
  } catch (error) {
    output.error(`${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.notVerified;
  }
}

interface Wanted {
  readonly file: string;
  readonly head: string | undefined;
  readonly json: boolean;
}

function parse(args: readonly string[]): Wanted | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { head: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) return 'name one export';
    if (values.head !== undefined && !/^[0-9a-f]{64}$/.test(values.head))
      return '--head: expected a SHA-256 in hexadecimal';
    return { file, head: values.head, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function describe(result: ExportVerification, headIsKnown: boolean): string {
  const { intact, entries, firstBreak, header, verifiedTo } = result;
  const subject = header === undefined ? 'The export' : `Chain ${header.chain}`;
  if (!intact && firstBreak !== undefined) {
    const { seq, reason, message } = firstBreak;
    return `${subject} is BROKEN at entry ${seq} (${reason}): ${message}.\n${entries} entries before it are whole.\n`;
  }
  const from = header !== undefined && header.start.seq > 0 ? `, after entry ${header.start.seq}` : '';
  const hint = headIsKnown ? '' : 'Compare the head with one that you kept elsewhere, or pass it as --head.\n';
  return `${subject} is intact: ${entries} entries${from}.\nHead: ${verifiedTo.seq} ${verifiedTo.hash}\n${hint}`;
}
