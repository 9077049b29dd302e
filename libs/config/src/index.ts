export {
  type ApiConfig,
  apiConfig,
  auditKeysFrom,
  type CommonConfig,
  type OidcConfig,
  type S3Config,
  type StorageConfig,
  storageLocation,
  type WorkerConfig,
  workerConfig,
} from './config.js';
export { nodeArguments } from './node-arguments.js';
export { ConfigError, type Environment } from './parse.js';
export { SealError, Sealer } from './sealer.js';
export { Secret } from './secret.js';
export { type ProcessName, variablesOf } from './variables.js';
