import { connectForBlocking, type QueueOptions } from './connection.js';
import { queueKeys } from './keys.js';

export interface RelayWakeListener {
  close(): Promise<void>;
}

/**
 * Calls `onWake` for every {@link QueueProducer.wakeRelay} and every offer of any process, and once whenever the
 * connection is (back); `isNewcomer` where a tenant was offered something that had nothing in line or in hand.
 * Returns at once; where Redis is away it subscribes as soon as it is there.
 */
export function listenForRelayWake(options: QueueOptions, onWake: (isNewcomer: boolean) => void): RelayWakeListener {
  const redis = connectForBlocking(options);
  redis.on('message', (_channel, message) => onWake(message === 'newcomer'));
  redis.on('ready', () => onWake(false));
  redis
    .subscribe(queueKeys(options.prefix).relayWakeChannel)
    .catch((error: unknown) => options.onError?.(error instanceof Error ? error : new Error(String(error))));
  return {
    close: async () => redis.disconnect(),
  };
}
