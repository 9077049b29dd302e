/** What the engine's counters say after a run; the only source for limits that were hit. */
export interface EngineUsage {
  readonly instructionsUsed: number;
  readonly fuelUsed: number;
  readonly memoryBytesPeak: number;
  /** Which limit ended the run, if one did. */
  readonly tripped: 'none' | 'instruction_limit' | 'stack_overflow';
  /** Bytes that memories and tables would have had together, had the largest refused growth been granted. */
  readonly memoryBytesRefused: number;
}

export const noUsage: EngineUsage = {
  instructionsUsed: 0,
  fuelUsed: 0,
  memoryBytesPeak: 0,
  tripped: 'none',
  memoryBytesRefused: 0,
};
