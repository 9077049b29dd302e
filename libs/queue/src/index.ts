export { type Activation, listenForActivations } from './activation-news.js';
export { bounded, QueueTimeoutError } from './bounded.js';
export { connectForCommands, type QueueOptions } from './connection.js';
export {
  type ConsumerOptions,
  consumeBuilds,
  consumeExecutions,
  type JobHandler,
  type JobRun,
  type QueueConsumer,
} from './consumer.js';
export { type FairQueueOptions, openFairQueue } from './fair/fair-queue.js';
export type {
  DispatchedBatch,
  FairQueue,
  FairQueueStats,
  TenantShare,
  WaitingEvent,
} from './fair/fair-queue.types.js';
export { defaultFairSettings, type FairSettings } from './fair/fair-settings.js';
export { type QueueKeys, queueKeys, queueNames } from './keys.js';
export { openQueueProducer, type QueueProducer } from './producer.js';
export type { RecordedListener } from './recorded-news.js';
export { listenForRelayWake, type RelayWakeListener } from './relay-wake.js';
export { defineScripts, type RunScript, type ScriptArgument, type ScriptFolder } from './scripts.js';
