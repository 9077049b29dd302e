import { ProblemError } from '@tenon/contracts';

/** How much of other people's JSON a process holds at once. Bytes as they come; read, they take three to five times that. */
export const bodyRoomSettings = {
  /** Smaller bodies are not counted: it would cost each of them more than it guards. */
  smallBytesMax: 16_000,
  /** Bodies of callers with a key or a session: sixteen of the largest, more than two processors can read at once. */
  callersBytesMax: 64_000_000,
  /** Bodies of those who have shown nothing yet, such as senders of webhooks. */
  strangersBytesMax: 32_000_000,
  /** What one tenant, or one address where nobody is known, gets of that. */
  share: 1 / 2,
  /**
   * How full the room may be for the first body of somebody who has none in hand. Places are taken by the length that was
   * announced, so that two owners who announce much and send nothing could fill the room for all others.
   */
  fillForNewcomers: 3 / 2,
} as const;

interface BodyBounds {
  readonly callersBytesMax: number;
  readonly strangersBytesMax: number;
}

/** Whose body it is. */
export interface BodyOwner {
  readonly name: string;
  readonly isKnown: boolean;
}

interface Room {
  readonly bytesMax: number;
  bytes: number;
  readonly byOwner: Map<string, number>;
}

/**
 * Bounds the bytes of bodies that are being read or worked on. A body takes its place before the first byte of it is
 * read, by the length that was announced, so an overload is refused at once and not after memory has grown.
 */
export class BodyRoom {
  readonly #callers: Room;
  readonly #strangers: Room;

  constructor(settings: BodyBounds = bodyRoomSettings) {
    this.#callers = { bytesMax: settings.callersBytesMax, bytes: 0, byOwner: new Map() };
    this.#strangers = { bytesMax: settings.strangersBytesMax, bytes: 0, byOwner: new Map() };
  }

  /**
   * Takes a place of so many bytes.
   *
   * @returns what gives it back; calling it again does nothing
   * @throws ProblemError `rate_limited` where the owner has its share already, `unavailable` where the room is full
   */
  take({ name, isKnown }: BodyOwner, bytes: number): () => void {
    const room = isKnown ? this.#callers : this.#strangers;
    const held = room.byOwner.get(name) ?? 0;
    const own = held + bytes;
    if (own > room.bytesMax * bodyRoomSettings.share) {
      throw new ProblemError('rate_limited', 'Too many large requests at once; wait for the answers of some.');
    }
    const fill = held === 0 ? bodyRoomSettings.fillForNewcomers : 1;
    if (room.bytes + bytes > room.bytesMax * fill) {
      throw new ProblemError('unavailable', 'Too many large requests are in hand; try again.');
    }
    room.bytes += bytes;
    room.byOwner.set(name, own);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      room.bytes -= bytes;
      const left = (room.byOwner.get(name) ?? 0) - bytes;
      if (left > 0) room.byOwner.set(name, left);
      else room.byOwner.delete(name);
    };
  }
}
