import type { ChainHead } from './audit-entry.js';
import { type ExportHeader, readEntryLine, readHeaderLine } from './export-format.js';
import { linesOf, UnreadableLine } from './lines.js';
import type { AuditSeals } from './seals.js';
import { ChainVerifier, type VerificationResult } from './verify.js';

export interface ExportVerification extends VerificationResult {
  /** Absent where not even the first line could be read. */
  readonly header?: ExportHeader;
}

export interface ExportVerifierOptions {
  /** The hash of the last entry, known from elsewhere: what the export itself says about its end is then not enough. */
  readonly expectedHash?: string | undefined;
  readonly seals?: AuditSeals | undefined;
  /** Heads that were recorded elsewhere, such as anchors from an export of the operator's chain. */
  readonly anchors?: readonly ChainHead[];
}

/**
 * Verifies an export without a database, line by line. Finds the first entry that was altered, removed, moved, added
 * or cut off. What an export can't show by itself is that all of it, header included, was made up: compare its head
 * with one that was kept elsewhere (`expectedHash`), or check its seals.
 */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array>,
  { expectedHash, seals, anchors = [] }: ExportVerifierOptions = {},
): Promise<ExportVerification> {
  let header: ExportHeader | undefined;
  let verifier = new ChainVerifier('unknown');
  try {
    for await (const line of linesOf(chunks)) {
      if (header === undefined) {
        header = readHeaderLine(line);
        verifier = new ChainVerifier(header.chain, { ...header, seals, anchors });
      } else if (!verifier.next(readEntryLine(line))) break;
    }
    if (header === undefined) verifier.unreadable('there is nothing in the export');
  } catch (error) {
    if (!(error instanceof UnreadableLine)) throw error;
    verifier.unreadable(error.message);
  }
  if (header === undefined) return verifier.finish();
  const head = expectedHash === undefined ? header.head : { ...header.head, hash: expectedHash };
  return { ...verifier.finish(head), header };
}
