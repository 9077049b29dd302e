/** Names under which the platform is injected. */
export const DATABASE = Symbol('database');
export const QUEUE = Symbol('queue');
export const STORAGE = Symbol('storage');
export const SEALER = Symbol('sealer');
export const WORKER = Symbol('worker');
export const LOGGER = Symbol('logger');
