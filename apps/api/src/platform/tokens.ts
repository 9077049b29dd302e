/** Names under which the platform is injected. */
export const DATABASE = Symbol('database');
export const QUEUE = Symbol('queue');
export const QUOTAS = Symbol('quotas');
export const FAIR_QUEUE = Symbol('fair queue');
export const STORAGE = Symbol('storage');
/** Targets of deliveries that are allowed although they are not public. */
export const DELIVERY_TARGETS = Symbol('delivery targets');
export const SEALER = Symbol('sealer');
export const WORKER = Symbol('worker');
/** Workers that run points while a caller waits. */
export const RUN_WORKERS = Symbol('run workers');
/** How people sign in: IdentitySettings. */
export const IDENTITY = Symbol('identity');
/** The registry of this process's metrics. */
export const METRICS = Symbol('metrics');
export const LOGGER = Symbol('logger');
