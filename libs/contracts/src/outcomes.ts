import { z } from 'zod';

/** Who has to act on a failure: the function's author, whoever sent the event, or the operator of Tenon. */
export type Fault = 'none' | 'guest' | 'caller' | 'ours';

interface OutcomeFacts {
  readonly fault: Fault;
  /** True when running the same input again may end otherwise. Guest failures are deterministic, so they are not. */
  readonly retryable: boolean;
  /** What happened, in words for a person who did not write Tenon. */
  readonly sentence: string;
}

/** The closed list: every execution ends as exactly one of these. */
export const outcomes = {
  succeeded: { fault: 'none', retryable: false, sentence: 'The function returned an output.' },
  trap: { fault: 'guest', retryable: false, sentence: 'The function hit a WebAssembly trap.' },
  instruction_limit: { fault: 'guest', retryable: false, sentence: 'The function used up its instruction limit.' },
  memory_limit: { fault: 'guest', retryable: false, sentence: 'The function needed more memory than its limit.' },
  stack_overflow: {
    fault: 'guest',
    retryable: false,
    sentence: 'The function nested its calls deeper than its stack.',
  },
  deadline: { fault: 'guest', retryable: true, sentence: 'The function was still running at its deadline.' },
  invalid_output: { fault: 'guest', retryable: false, sentence: 'The output is not JSON or breaks the schema.' },
  output_too_large: { fault: 'guest', retryable: false, sentence: 'The output is larger than its limit.' },
  exit_code: { fault: 'guest', retryable: false, sentence: 'The function exited with a code other than 0.' },
  guest_error: { fault: 'guest', retryable: false, sentence: 'The function reported an error of its own.' },
  invalid_module: { fault: 'guest', retryable: false, sentence: 'The module does not fit the ABI that it declares.' },
  capability_denied: {
    fault: 'guest',
    retryable: false,
    sentence: 'The function asked for something it was not granted.',
  },
  circuit_open: {
    fault: 'guest',
    retryable: true,
    sentence: 'The function failed so often in a row that it is not run for now.',
  },
  invalid_input: { fault: 'caller', retryable: false, sentence: 'The input breaks the schema of the extension point.' },
  input_too_large: { fault: 'caller', retryable: false, sentence: 'The input is larger than its limit.' },
  quota_exceeded: { fault: 'caller', retryable: true, sentence: 'The tenant has used up a quota of its plan.' },
  internal: {
    fault: 'ours',
    retryable: true,
    sentence: 'Tenon failed to run the function; the function is not at fault.',
  },
} as const satisfies Record<string, OutcomeFacts>;

export type Outcome = keyof typeof outcomes;

export const outcomeNames = Object.keys(outcomes) as [Outcome, ...Outcome[]];
export const outcomeSchema = z.enum(outcomeNames);
export const faultSchema = z.enum(['none', 'guest', 'caller', 'ours']) satisfies z.ZodType<Fault>;
