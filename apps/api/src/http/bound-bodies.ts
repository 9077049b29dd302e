import type { FastifyInstance, FastifyRequest } from 'fastify';
import { asError } from './as-error.js';
import { isJsonRequest } from './body-parsers.js';
import { type BodyOwner, BodyRoom, bodyRoomSettings } from './body-room.js';
import { routeOf } from './route-settings.js';

/** Gives every large JSON body its place before it is read, and takes the place back with the answer. */
export function boundBodies(server: FastifyInstance): void {
  const room = new BodyRoom();
  server.addHook('preParsing', (request, reply, payload, done) => {
    const bytes = countedBytes(request);
    if (bytes === 0) return done(null, payload);
    try {
      const giveBack = room.take(ownerOf(request), bytes);
      request.tenonBodyPlace = giveBack;
      // A sender that hangs up in the middle of its body gets no answer that could give the place back.
      reply.raw.once('close', () => request.raw.complete || giveBack());
      done(null, payload);
    } catch (error) {
      done(asError(error));
    }
  });
  server.addHook('onSend', (request, _reply, payload, done) => {
    request.tenonBodyPlace?.();
    done(null, payload);
  });
}

/** Nothing for what is small, for what is refused by its length anyway, and for uploads, which are never held. */
function countedBytes(request: FastifyRequest): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length === undefined && encoding === undefined) return 0;
  const bytesMax = routeOf(request).bodyLimit ?? 0;
  const bytes = length === undefined ? bytesMax : Number(length);
  return bytes > bodyRoomSettings.smallBytesMax && bytes <= bytesMax && isJsonRequest(request) ? bytes : 0;
}

function ownerOf({ tenonTenantId, tenonCaller, ip }: FastifyRequest): BodyOwner {
  const name = tenonTenantId ?? tenonCaller?.actor;
  return name === undefined ? { name: ip, isKnown: false } : { name, isKnown: true };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Gives back the place of a large body; see {@link boundBodies}. */
    tenonBodyPlace?: () => void;
  }
}
