import { type BenchStack, call } from '../pipeline/stack.ts';

/** One step of a JSON Patch. */
export interface PatchStep {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

interface Figure {
  readonly original: number;
  readonly replay: number;
  readonly difference: number;
}

interface ReplayedRun {
  readonly outcome: string;
  readonly version: string;
  readonly output?: unknown;
  readonly input?: unknown;
}

/** The part of the api's answer that is looked at here. */
export interface Replayed {
  readonly reproduced: boolean | null;
  readonly original: ReplayedRun;
  readonly replay: ReplayedRun;
  readonly difference: {
    readonly output: readonly PatchStep[] | null;
    readonly outputCut: boolean;
    readonly instructionsUsed: Figure;
    readonly memoryBytesPeak: Figure;
    readonly wallUs: Figure;
  };
}

/** Asks for an execution again, as it was or with something changed. */
export async function replay(stack: BenchStack, id: string, change: object): Promise<Replayed> {
  return (await call(`${stack.apiUrl}/v1/executions/${id}/replay`, 'POST', stack.tenantKey, change)) as Replayed;
}
