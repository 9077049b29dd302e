export * from './append.js';
export * from './audit-entry.js';
export * from './canonical-json.js';
export { hashOf, linkAfter } from './chain.js';
export * from './verify.js';
