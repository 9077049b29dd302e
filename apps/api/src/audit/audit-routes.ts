import type { Readable } from 'node:stream';
import { applyDecorators, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { ProblemError } from '@tenon/contracts';
import type { FastifyReply } from 'fastify';

const exportType = 'application/x-ndjson';

/** What both routes that verify say of themselves. */
export const verifyOperation = {
  summary: 'Verify the hash chain of the audit log',
  description:
    'Walks over every entry and names the first one that was altered, removed, moved or forged. One call checks up ' +
    'to 2,000,000 entries; `complete` says whether there are more. One chain is walked over once at a time.',
};

/** Documents a route that answers with an export. */
export function ApiAuditExport(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: 'Export the audit log',
      description:
        'One JSON object per line: a header that says where the chain begins and ends, then every entry, oldest ' +
        'first. `tenon-audit-verify` checks it without a database.',
    }),
    ApiProduces(exportType),
    ApiResponse({
      status: 200,
      description: 'The log as JSON lines.',
      content: { [exportType]: { schema: { type: 'string' } } },
    }),
  );
}

export function exportFile(chain: string, lines: Readable): StreamableFile {
  return new StreamableFile(lines, { type: exportType, disposition: `attachment; filename="audit-${chain}.ndjson"` });
}

/** Says when whoever asked is gone: nobody would read the answer. */
export function hangUpOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new ProblemError('invalid_request', 'The caller hung up.'));
  });
  return controller.signal;
}
