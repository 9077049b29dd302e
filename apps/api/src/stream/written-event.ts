import type { DroppedExecutions, StreamedExecution } from '@tenon/contracts';
import type { FedExecution, FeedPlace } from '@tenon/database';
import { summaryAnswer } from '../executions/summary-answer.js';
import { placeText } from './feed-place.js';

/** One server-sent event, written out. */
export interface WrittenEvent {
  readonly text: string;
  /** Length in UTF-8. */
  readonly bytes: number;
  /** Runs that go with it when it is dropped. */
  readonly runs: number;
}

const plain = new WeakMap<FedExecution, WrittenEvent>();
const withLogs = new WeakMap<FedExecution, WrittenEvent>();

/** A run as an event, written once for all streams that show it: a thousand that wait hold one text. */
export function executionEvent(run: FedExecution, withLog: boolean): WrittenEvent {
  const written = withLog ? withLogs : plain;
  const known = written.get(run);
  if (known !== undefined) return known;
  const data: StreamedExecution = { ...summaryAnswer(run), ...(withLog ? { log: run.log } : {}) };
  const event = eventOf(`id: ${placeText(run.place)}\nevent: execution\ndata: ${JSON.stringify(data)}\n\n`, 1);
  written.set(run, event);
  return event;
}

/** Says how many runs could not be shown, and with its place where a reader that breaks off here goes on. */
export function droppedEvent(place: FeedPlace, data: DroppedExecutions): WrittenEvent {
  return eventOf(`id: ${placeText(place)}\n${droppedText(data)}`, data.count ?? 0);
}

/** As {@link droppedEvent}, without a place: a reader that breaks off here goes on behind what it got last. */
export function droppedText(data: DroppedExecutions): string {
  return `event: dropped\ndata: ${JSON.stringify(data)}\n\n`;
}

function eventOf(text: string, runs: number): WrittenEvent {
  return { text, bytes: Buffer.byteLength(text), runs };
}
