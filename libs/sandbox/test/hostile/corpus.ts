import { readdir, readFile } from 'node:fs/promises';
import { parse } from '@bytecodealliance/jco';
import { type ExecutionLimits, type Outcome, outcomeSchema } from '@tenon/contracts';

/** What a hostile upload must end with: a refusal by code, or a run by outcome. */
export type Expectation =
  | { readonly stage: 'build'; readonly code: string }
  | { readonly stage: 'run'; readonly outcomes: readonly Outcome[] };

export interface HostileGuest {
  readonly name: string;
  readonly wasm: Uint8Array;
  readonly expected: Expectation;
  readonly limits: Partial<ExecutionLimits>;
  /** The output of a run that succeeds. */
  readonly output: string;
}

const folder = new URL('./wat/', import.meta.url);

/** Comments at the head of a file: `;; expect: run trap`, `;; limits: {...}`, `;; output: 1`. */
function headOf(wat: string, key: string): string | undefined {
  return new RegExp(`^;; ${key}: (.*)$`, 'm').exec(wat)?.[1];
}

function expectationOf(wat: string): Expectation {
  const [stage, what = ''] = (headOf(wat, 'expect') ?? '').split(' ');
  if (stage === 'build') return { stage, code: what };
  if (stage !== 'run') throw new Error(`a file of the corpus expects nothing: ${wat.slice(0, 80)}`);
  return { stage, outcomes: what.split('|').map((outcome) => outcomeSchema.parse(outcome)) };
}

async function readGuest(file: string): Promise<HostileGuest> {
  const wat = await readFile(new URL(file, folder), 'utf8');
  return {
    name: file.replace('.wat', ''),
    wasm: await parse(wat),
    expected: expectationOf(wat),
    limits: JSON.parse(headOf(wat, 'limits') ?? '{}'),
    output: headOf(wat, 'output') ?? 'true',
  };
}

/** Every file of `wat/`, assembled. */
export async function hostileGuests(): Promise<readonly HostileGuest[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.wat')).sort();
  return Promise.all(files.map(readGuest));
}
