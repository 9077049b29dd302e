import { type FieldError, type JsonObject, ProblemError } from '@tenon/contracts';
import type { ExtensionPointTerms, LiveFunctions } from '@tenon/database';
import { contractBreaks } from '@tenon/schemas';

/** More names would help nobody; the sentence says how many there are. */
const namedMax = 50;

interface KnowsLiveFunctions {
  liveFunctions(name: string, rowsMax: number): Promise<LiveFunctions>;
  liveBeyondMemory(name: string, memoryBytesMax: number, rowsMax: number): Promise<LiveFunctions>;
}

type Contract = Pick<ExtensionPointTerms, 'inputSchema' | 'outputSchema' | 'limits'>;

/**
 * Refuses a change of schemas that functions which are live may not stand, and a limit of memory below what they begin
 * with. Only operators get this far, so it names the functions of all tenants.
 *
 * @throws ProblemError `incompatible_change`
 */
export async function assertNobodyBreaks(
  points: KnowsLiveFunctions,
  before: Contract & { readonly name: string },
  after: Contract,
): Promise<void> {
  const { name } = before;
  const breaks = contractBreaks(schemasOf(before), schemasOf(after), '/body');
  if (breaks.length > 0) refuseWhereLive(await points.liveFunctions(name, namedMax), breaks);
  const { memoryBytesMax } = after.limits;
  if (memoryBytesMax >= before.limits.memoryBytesMax) return;
  const pointer = '/body/limits/memoryBytesMax';
  const message = `functions begin with more than ${memoryBytesMax} bytes of memory and would not start`;
  refuseWhereLive(await points.liveBeyondMemory(name, memoryBytesMax, namedMax), [{ pointer, message }]);
}

function refuseWhereLive({ total, functions }: LiveFunctions, breaks: readonly FieldError[]): void {
  if (total === 0) return;
  const named = functions.map(({ tenantId, functionName }) => `${functionName} of ${tenantId}`).join(', ');
  const more = total > functions.length ? ` and ${total - functions.length} more` : '';
  const detail =
    `The change may break ${total} live functions: ${named}${more}. ` +
    'Use a new extension point, or send "force" with a reason.';
  throw new ProblemError('incompatible_change', detail, breaks);
}

function schemasOf({ inputSchema, outputSchema }: Contract) {
  return { inputSchema: inputSchema as JsonObject, outputSchema: outputSchema as JsonObject };
}
