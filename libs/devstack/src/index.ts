export { claimFolder } from './claim.js';
export { type Devstack, type DevstackOptions, startDevstack } from './devstack.js';
export { DevstackError } from './errors.js';
export { freePort } from './free-port.js';
export { type GuardedProcess, type GuardedProcessOptions, startGuarded } from './guarded-process.js';
export type { RunningServer } from './postgres.js';
export { commandLineOf, endProcess, isAlive, parentOf, startStampOf } from './process-table.js';
