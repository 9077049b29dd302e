import type { Secret } from '@tenon/config';
import {
  type Id,
  ProblemError,
  type TestRunAnswer,
  type TestRunRequest,
  testRunAnswerSchema,
  workerRefusalSchema,
  workerRoutes,
} from '@tenon/contracts';

/** A run has its own deadline of at most a minute; what is beyond that is a worker that does not answer. */
const answerTimeoutMs = 70_000;

/** Runs whose caller waits. */
export interface WorkerClient {
  /**
   * Runs a version on an input and records it as a test.
   *
   * @throws ProblemError what the worker refused it for, or `unavailable`
   */
  testRun(request: TestRunRequest): Promise<Id<'execution'>>;
}

/** Talks to the worker's internal endpoint, with the token that only api and worker know. */
export function createWorkerClient(options: { readonly url: string; readonly token: Secret<string> }): WorkerClient {
  return {
    testRun: async (request) => (await post(options, workerRoutes.testRuns, request)).executionId,
  };
}

async function post(
  { url, token }: { readonly url: string; readonly token: Secret<string> },
  path: string,
  body: TestRunRequest,
): Promise<TestRunAnswer> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    answer = await response.json();
  } catch (error) {
    throw new ProblemError('unavailable', 'No worker answered; try again.', [], { cause: error });
  }
  if (response.ok) return testRunAnswerSchema.parse(answer);
  throw refusalOf(answer);
}

/** A worker that does not know our token is our own misconfiguration, nothing that the caller did. */
function refusalOf(answer: unknown): ProblemError {
  const refusal = workerRefusalSchema.safeParse(answer);
  if (!refusal.success || refusal.data.code === 'unauthenticated' || refusal.data.code === 'internal') {
    return new ProblemError('internal', 'The worker could not run the test.', [], { cause: refusal.data ?? answer });
  }
  return new ProblemError(refusal.data.code, refusal.data.detail);
}
