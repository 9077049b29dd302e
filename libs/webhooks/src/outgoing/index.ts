export { AllowedTargets } from './allowed-targets.js';
export { failuresUntilOpen, isProbing, openMs } from './circuit.js';
export { isPublicAddress } from './forbidden-addresses.js';
export { type ResolveHost, resolveBySystem } from './guarded-agent.js';
export { type OutgoingMessage, signedHeaders } from './message.js';
export { attemptsMax, retryAfterMs, retryPauseMs, retryPausesMs } from './retry-schedule.js';
export { answerBytesKept, type SenderOptions, type SendResult, WebhookSender } from './sender.js';
export { readTarget, type Target, TargetRefusal, type TargetRefusalCode } from './target.js';
