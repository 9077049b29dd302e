import { type JsonObject, ProblemError } from '@tenon/contracts';
import type { ExtensionPointTerms, LiveOnPoint } from '@tenon/database';
import { contractBreaks } from '@tenon/schemas';

/** More names would help nobody; the sentence says how many there are. */
const namedMax = 50;

interface KnowsLiveFunctions {
  liveFunctions(name: string, rowsMax: number): Promise<{ total: number; functions: readonly LiveOnPoint[] }>;
}

type Contract = Pick<ExtensionPointTerms, 'inputSchema' | 'outputSchema'>;

/**
 * Refuses a change of schemas that functions which are live may not stand. Only operators get this far, so it names the
 * functions of all tenants.
 *
 * @throws ProblemError `incompatible_change`
 */
export async function assertNobodyBreaks(
  points: KnowsLiveFunctions,
  before: Contract & { readonly name: string },
  after: Contract,
): Promise<void> {
  const breaks = contractBreaks(schemasOf(before), schemasOf(after), '/body');
  if (breaks.length === 0) return;
  const { total, functions } = await points.liveFunctions(before.name, namedMax);
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
