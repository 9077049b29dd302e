import { type Id, idSchema } from '@tenon/contracts';
import type { Redis } from 'ioredis';
import { connectForBlocking, type QueueOptions } from './connection.js';
import { queueKeys } from './keys.js';

const tenantSchema = idSchema('tenant');
const versionSchema = idSchema('version');

/** A version that has just become live. */
export interface Activation {
  readonly tenantId: Id<'tenant'>;
  readonly versionId: Id<'version'>;
}

/** Tells the workers, which may then prepare the version. Returns at once and never throws; a lost one costs nothing else. */
export function announceActivations(redis: Redis, prefix: string, onError: (error: Error) => void) {
  const { activatedChannel } = queueKeys(prefix);
  return ({ tenantId, versionId }: Activation): void => {
    redis.publish(activatedChannel, `${tenantId} ${versionId}`).catch(onError);
  };
}

/** Calls `onActivated` for every announcement of any process. Where Redis is away it subscribes as soon as it is there. */
export function listenForActivations(options: QueueOptions, onActivated: (activation: Activation) => void) {
  const redis = connectForBlocking(options);
  redis.on('message', (_channel: string, message: string) => {
    const [tenant, version] = message.split(' ');
    const [tenantId, versionId] = [tenantSchema.safeParse(tenant), versionSchema.safeParse(version)];
    if (tenantId.success && versionId.success) onActivated({ tenantId: tenantId.data, versionId: versionId.data });
  });
  redis
    .subscribe(queueKeys(options.prefix).activatedChannel)
    .catch((error: unknown) => options.onError?.(error instanceof Error ? error : new Error(String(error))));
  return { close: async () => redis.disconnect() };
}
