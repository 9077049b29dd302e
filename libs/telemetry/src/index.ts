export { createLogger, type Logger, type LoggerOptions } from './logger.js';
export { Counter, createMetrics, Gauge, Histogram, type Registry } from './metrics.js';
export { NestLogger } from './nest-logger.js';
export { scrubText } from './scrub.js';
