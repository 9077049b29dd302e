/** Names under which the platform is injected. */
export const CONFIG = Symbol('config');
export const DATABASE = Symbol('database');
export const QUEUE_OPTIONS = Symbol('queue options');
export const PRODUCER = Symbol('queue producer');
export const QUOTAS = Symbol('quotas');
export const FAIR_QUEUE = Symbol('fair queue');
export const STORAGE = Symbol('storage');
/** Absent where this worker sends no deliveries. */
export const DELIVERIES = Symbol('deliveries');
export const SANDBOX = Symbol('sandbox pool');
/** The registry of this process's metrics. */
export const METRICS = Symbol('metrics');
export const LOGGER = Symbol('logger');
