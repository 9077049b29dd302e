import type { ExecutionRequest, LimitReached, Outcome } from '@tenon/contracts';
import type { AbiAnswer, GuestRunResult } from './abi.js';
import { EngineFault } from './engine-fault.js';
import type { EngineUsage } from './engine-usage.js';
import { backtraceOf } from './host/backtrace.js';
import type { GuestEnding } from './host/guest-ending.js';
import { checkOutput } from './host/json-output.js';
import { lastWords } from './host/last-words.js';
import { isNativeOverflow } from './host/native-overflow.js';
import type { RunState } from './host/run-state.js';

/** How a guest's code ended: it threw, wrapped so that a thrown `undefined` still counts, or its ABI has an answer. */
export interface RunEnd {
  readonly thrown?: { readonly error: unknown };
  readonly answer?: AbiAnswer;
}

/** Everything that is known when a run is over. */
export interface RunFacts extends RunEnd {
  readonly state: RunState;
  readonly usage: EngineUsage;
  readonly debug: string | undefined;
  /** True when JavaScript made from the upload ran, whose errors are the guest's: it broke a rule of its ABI. */
  readonly fromGlue?: boolean;
}

/** What is kept of an error value: enough to read, not enough to flood a table. */
const guestErrorCharactersMax = 4_096;

interface Verdict {
  readonly outcome: Outcome;
  readonly message: string;
  readonly output?: string;
  readonly limit?: LimitReached;
  readonly exitCode?: number;
  readonly guestError?: string;
}

function limitVerdict(
  request: ExecutionRequest,
  outcome: Outcome,
  name: LimitReached['name'],
  message: (max: string) => string,
  actual?: number,
): Verdict {
  const max = request.limits[name];
  return {
    outcome,
    message: message(max.toLocaleString('en-US')),
    limit: { name, max, ...(actual === undefined ? {} : { actual }) },
  };
}

function memoryVerdict(request: ExecutionRequest, bytes: number): Verdict {
  const asked = bytes.toLocaleString('en-US');
  return limitVerdict(
    request,
    'memory_limit',
    'memoryBytesMax',
    (max) =>
      `The function failed after it was refused memory: it asked for ${asked} bytes in all, its limit is ${max}.`,
    bytes,
  );
}

/** The engine's own counters come first: a guest can raise a trap or exit, but not move these. */
function engineVerdict({ state, usage }: RunFacts): Verdict | undefined {
  const { request } = state;
  if (usage.tripped === 'instruction_limit') {
    return limitVerdict(
      request,
      'instruction_limit',
      'instructionsMax',
      (max) => `The function used up its limit of ${max} instructions; look for a loop that does not end.`,
    );
  }
  if (usage.tripped !== 'stack_overflow') return undefined;
  return limitVerdict(
    request,
    'stack_overflow',
    'stackBytesMax',
    (max) => `The function nested its calls deeper than its stack of ${max} bytes; look for recursion without an end.`,
  );
}

function exitVerdict({ state, usage }: RunFacts, exitCode: number): Verdict {
  if (exitCode === 0) return outputVerdict(state);
  if (usage.memoryBytesRefused > 0) return { ...memoryVerdict(state.request, usage.memoryBytesRefused), exitCode };
  return { outcome: 'exit_code', message: `The function exited with code ${exitCode}.`, exitCode };
}

/** What a host call decided before it ended the run. */
function endingVerdict(facts: RunFacts, ending: GuestEnding): Verdict {
  const { request } = facts.state;
  switch (ending.kind) {
    case 'exit':
      return exitVerdict(facts, ending.code);
    case 'output_too_large':
      return limitVerdict(
        request,
        'output_too_large',
        'outputBytesMax',
        (max) => `The function wrote ${ending.bytes.toLocaleString('en-US')} bytes of output, its limit is ${max}.`,
        ending.bytes,
      );
    case 'memory_limit':
      return memoryVerdict(request, ending.bytes);
    case 'capability_denied':
      return {
        outcome: 'capability_denied',
        message: `The function asked for ${ending.what}, which it was not granted.`,
      };
    case 'invalid_output':
      return { outcome: 'invalid_output', message: ending.why };
    case 'invalid_input':
      return { outcome: 'invalid_input', message: `The input does not fit the function: ${ending.why}.` };
  }
}

const messageCharactersMax = 300;

function messageOf(error: unknown): string {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  return message.slice(0, messageCharactersMax).replace(/\p{Cc}/gu, ' ');
}

/** V8's own words for a trap are fixed texts; a guest's exception carries none. */
function thrownVerdict({ state, usage, fromGlue }: RunFacts, error: unknown): Verdict {
  const { request } = state;
  if (isNativeOverflow(error)) {
    return limitVerdict(request, 'stack_overflow', 'stackBytesMax', () => 'The function nested its calls too deep.');
  }
  if (usage.memoryBytesRefused > 0) return memoryVerdict(request, usage.memoryBytesRefused);
  if (error instanceof WebAssembly.RuntimeError) {
    return { outcome: 'trap', message: `The function trapped: ${error.message}.` };
  }
  if (error instanceof WebAssembly.Exception) {
    return { outcome: 'trap', message: 'The function threw an exception that it did not catch.' };
  }
  if (fromGlue === true && !(error instanceof EngineFault)) {
    return { outcome: 'trap', message: `The function broke a rule of the Component Model: ${messageOf(error)}.` };
  }
  return { outcome: 'internal', message: 'Tenon failed to run the function; the function is not at fault.' };
}

function outputVerdict(state: RunState): Verdict {
  const output = checkOutput(state.output.view());
  if (!output.valid) return { outcome: 'invalid_output', message: output.why };
  return { outcome: 'succeeded', message: 'The function returned an output.', output: output.text };
}

function answerVerdict(facts: RunFacts, answer: AbiAnswer): Verdict {
  switch (answer.kind) {
    case 'output':
      return outputVerdict(facts.state);
    case 'exit_code':
      return exitVerdict(facts, answer.exitCode);
    case 'guest_error':
      return {
        outcome: 'guest_error',
        message: 'The function reported an error of its own.',
        guestError: answer.error.slice(0, guestErrorCharactersMax),
        ...(answer.exitCode === undefined ? {} : { exitCode: answer.exitCode }),
      };
  }
}

/** What ended the run first decides: a host call that ended it, or a counter; neither can be caught or undone. */
function verdictOf(facts: RunFacts): Verdict {
  const { state, thrown, answer } = facts;
  if (state.ending !== undefined && state.ending.kind !== 'exit') return endingVerdict(facts, state.ending);
  const tripped = engineVerdict(facts);
  if (tripped !== undefined) return tripped;
  if (state.ending !== undefined) return endingVerdict(facts, state.ending);
  if (thrown !== undefined) return thrownVerdict(facts, thrown.error);
  if (answer !== undefined) return answerVerdict(facts, answer);
  throw new Error('a run ended without an answer and without an error');
}

/** Turns what happened into one outcome, with a sentence for a person and the guest's last words. */
export function conclude(facts: RunFacts): GuestRunResult {
  const { state, usage, thrown, debug } = facts;
  const verdict = verdictOf(facts);
  const log = state.log.text();
  const failed = verdict.outcome !== 'succeeded';
  const backtrace =
    failed && thrown !== undefined && verdict.outcome !== 'exit_code' ? backtraceOf(thrown.error, debug) : [];
  return {
    ...verdict,
    message: failed ? verdict.message + lastWords(verdict.guestError ?? log) : verdict.message,
    log,
    logBytesDropped: state.log.dropped,
    instructionsUsed: usage.instructionsUsed,
    fuelUsed: usage.fuelUsed,
    memoryBytesPeak: usage.memoryBytesPeak,
    ...(backtrace.length === 0 ? {} : { backtrace }),
  };
}

function unstarted(verdict: Verdict): GuestRunResult {
  return { ...verdict, log: '', logBytesDropped: 0, instructionsUsed: 0, fuelUsed: 0, memoryBytesPeak: 0 };
}

/** What can be said before an instance is made: the input is too large, or the memory at its start is. */
export function refusedBeforeStart(state: RunState, memoryBytesInitial: number): GuestRunResult | undefined {
  const { request, input } = state;
  const { inputBytesMax, memoryBytesMax } = request.limits;
  if (input.length > inputBytesMax) {
    const message = (max: string): string =>
      `The input has ${input.length.toLocaleString('en-US')} bytes, the limit is ${max}.`;
    return unstarted(limitVerdict(request, 'input_too_large', 'inputBytesMax', message, input.length));
  }
  if (memoryBytesInitial <= memoryBytesMax) return undefined;
  const message = (max: string): string =>
    `The function starts with ${memoryBytesInitial.toLocaleString('en-US')} bytes of memory, its limit is ${max}.`;
  return unstarted(limitVerdict(request, 'memory_limit', 'memoryBytesMax', message, memoryBytesInitial));
}
