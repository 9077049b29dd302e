import type { FeedPlace } from '@tenon/database';

/** A place as the id of an event, which a reader sends back to go on from there. */
export function placeText({ seq, runs }: FeedPlace): string {
  return `${seq}.${runs}`;
}

/** The place in a `Last-Event-ID`; undefined where there is none, or none of ours. */
export function placeOf(text: string | undefined): FeedPlace | undefined {
  const match = /^(\d{1,15})\.(\d{1,6})$/.exec(text ?? '');
  return match === null ? undefined : { seq: Number(match[1]), runs: Number(match[2]) };
}

export function isBefore(a: FeedPlace, b: FeedPlace): boolean {
  return a.seq < b.seq || (a.seq === b.seq && a.runs < b.runs);
}
