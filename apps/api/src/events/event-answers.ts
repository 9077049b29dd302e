import type { EventAnswer, EventSummaryAnswer } from '@tenon/contracts';
import type { EventSummary, StoredEvent, StoredPointResult } from '@tenon/database';

/** What a list shows of an event. */
export function toEventSummary(event: EventSummary): EventSummaryAnswer {
  const { id, source, sourceEventId: sourceId, type, subject, origin, status, note, attempts } = event;
  return {
    ...{ id, source, sourceId, type, subject, origin, status, note, attempts },
    notBefore: event.notBefore?.toISOString() ?? null,
    acceptedAt: event.acceptedAt.toISOString(),
  };
}

/** An event with what it carries and what became of it. */
export function toEventAnswer(event: StoredEvent, results: readonly StoredPointResult[]): EventAnswer {
  return { ...toEventSummary(event), data: JSON.parse(event.data), results: results.map(toResultAnswer) };
}

function toResultAnswer({ output, steps, recordedAt, ...result }: StoredPointResult): EventAnswer['results'][number] {
  return {
    ...result,
    steps: steps.map(({ changed, ...step }) => ({
      ...step,
      ...(changed === undefined ? {} : { changed: [...changed] }),
    })),
    ...(output === null ? {} : { output: JSON.parse(output) }),
    recordedAt: recordedAt.toISOString(),
  };
}
