import { Inject, Injectable } from '@nestjs/common';
import {
  type AcceptedEventsAnswer,
  type CloudEvent,
  type EventAnswer,
  type EventsQuery,
  type FieldError,
  type Id,
  ProblemError,
  requestLimits,
} from '@tenon/contracts';
import type { AcceptedEvent, Database, NewEvent } from '@tenon/database';
import type { WaitingEvent } from '@tenon/queue';
import { mapPage } from '../http/answer-parts.js';
import { DATABASE } from '../platform/tokens.js';
import { EventQuota } from '../rate-limit/event-quota.js';
import { Batcher, BatcherFullError } from './batcher.js';
import { toEventAnswer, toEventSummary } from './event-answers.js';
import { EventLine } from './event-line.js';
import { type FedPoint, PointCatalog } from './point-catalog.js';
import type { ReadEvents } from './read-cloud-events.js';

/** Events in one commit, and events that may wait for theirs in this process. At 128 kB each the bound is by memory. */
const eventsPerCommitMax = 500;
const eventsWaitingMax = 20_000;
const errorsMax = 50;
/** How far ahead an event may be sent. */
const notBeforeMsMax = 30 * 24 * 60 * 60 * 1_000;

/** An accepted event, and whether it waits to be released. */
interface KeptEvent extends AcceptedEvent {
  readonly held: boolean;
}

/** Takes events in: checked, committed, then handed to the relay. */
@Injectable()
export class EventsService {
  readonly #batcher: Batcher<NewEvent, KeptEvent>;

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly catalog: PointCatalog,
    private readonly line: EventLine,
    private readonly quota: EventQuota,
  ) {
    this.#batcher = new Batcher((tenantId, events) => this.#write(tenantId as Id<'tenant'>, events), {
      itemsMax: eventsPerCommitMax,
      waitingItemsMax: eventsWaitingMax,
    });
  }

  /**
   * Accepts all events of a request or none. Resolves after the commit: from then on none of them can be lost.
   *
   * @throws ProblemError `invalid_event` with one pointer per fault, `unavailable` when too much waits already
   */
  async accept(tenantId: Id<'tenant'>, read: ReadEvents, origin: string): Promise<AcceptedEventsAnswer> {
    const events = await this.#check(read, origin);
    const accepted = await this.#keep(tenantId, events);
    return {
      ids: accepted.map(({ id }) => id),
      duplicates: accepted.filter(({ duplicate }) => duplicate).length,
      held: accepted.filter(({ held }) => held).length,
    };
  }

  async get(tenantId: Id<'tenant'>, id: Id<'event'>): Promise<EventAnswer> {
    const [event] = await this.database.events.load(tenantId, [id]);
    if (event === undefined) throw new ProblemError('not_found', 'There is no such event.');
    return toEventAnswer(event, await this.database.events.results(tenantId, id));
  }

  async list(tenantId: Id<'tenant'>, query: EventsQuery) {
    const { from, to, ...rest } = query;
    const filter = { ...rest, from: timeOf(from), to: timeOf(to) };
    return mapPage(await this.database.events.list(tenantId, filter), toEventSummary);
  }

  /** One commit, and one offer to the queue for all who shared it. */
  async #write(tenantId: Id<'tenant'>, given: readonly NewEvent[]): Promise<readonly KeptEvent[]> {
    const insert = (all: readonly NewEvent[]) => this.database.events.insert(tenantId, all);
    const { accepted, events } = await this.quota.keep(tenantId, given, insert);
    const fresh = accepted.flatMap(({ id, duplicate }, place) => {
      const event = events[place];
      return duplicate || event === undefined || event.held !== undefined ? [] : [toWaiting(tenantId, id, event)];
    });
    this.line.add(fresh);
    return accepted.map((one, place) => ({ ...one, held: !one.duplicate && events[place]?.held !== undefined }));
  }

  async #keep(tenantId: Id<'tenant'>, events: readonly NewEvent[]): Promise<readonly KeptEvent[]> {
    try {
      return await this.#batcher.add(tenantId, events);
    } catch (error) {
      if (!(error instanceof BatcherFullError)) throw error;
      throw new ProblemError('unavailable', 'Too many events wait to be written; try again.', [], { cause: error });
    }
  }

  async #check({ events, pointerTo }: ReadEvents, origin: string): Promise<readonly NewEvent[]> {
    const errors: FieldError[] = [];
    const checked: NewEvent[] = [];
    let last: { readonly type: string; readonly points: readonly FedPoint[] } | undefined;
    for (const [index, event] of events.entries()) {
      if (last?.type !== event.type) {
        // Events of a batch are mostly of one type, and nobody waits for what is known.
        const points = this.catalog.fedBy(event.type);
        last = { type: event.type, points: points instanceof Promise ? await points : points };
      }
      const data = JSON.stringify(event.data ?? null);
      const at = (attribute: string) => pointerTo(index, attribute);
      if (last.points.length > 0) errors.push(...faultsOf(event, data, last.points, at));
      else errors.push({ pointer: at('type'), message: await this.#unknownType() });
      if (errors.length >= errorsMax) break;
      checked.push(toNewEvent(event, data, origin));
    }
    if (errors.length === 0) return checked;
    throw new ProblemError('invalid_event', 'None of the events was accepted; see errors.', errors.slice(0, errorsMax));
  }

  async #unknownType(): Promise<string> {
    const known = await this.catalog.knownTypes();
    return `no extension point takes events of this type; known are: ${known.join(', ') || 'none yet'}`;
  }
}

/** What is wrong with an event; the first of its size, its time and its data. */
function faultsOf(
  event: CloudEvent,
  data: string,
  points: readonly FedPoint[],
  pointerTo: (attribute: string) => string,
): readonly FieldError[] {
  const bytes = Buffer.byteLength(data);
  if (bytes > requestLimits.eventDataBytesMax) {
    const message = `the data has ${bytes} bytes; at most ${requestLimits.eventDataBytesMax} are allowed`;
    return [{ pointer: pointerTo('data'), message }];
  }
  const { tenonnotbefore } = event;
  if (tenonnotbefore !== undefined && Date.parse(tenonnotbefore) - Date.now() > notBeforeMsMax) {
    return [{ pointer: pointerTo('tenonnotbefore'), message: 'an event may wait for 30 days at most' }];
  }
  return points.flatMap(({ name, input }) =>
    input
      .check(event.data ?? null, pointerTo('data'))
      .map((fault) => ({ ...fault, message: `${fault.message} (extension point "${name}")` })),
  );
}

function toWaiting(tenantId: Id<'tenant'>, id: Id<'event'>, { priority, notBefore }: NewEvent): WaitingEvent {
  return {
    id,
    tenantId,
    ...(priority === undefined ? {} : { priority }),
    ...(notBefore === undefined ? {} : { notBeforeMs: notBefore.getTime() }),
  };
}

function toNewEvent(event: CloudEvent, data: string, origin: string): NewEvent {
  const { id, source, type, subject, time, tenonpriority, tenonnotbefore } = event;
  return {
    source,
    sourceEventId: id,
    type,
    subject,
    time: timeOf(time),
    data,
    origin,
    priority: tenonpriority === undefined ? undefined : Number(tenonpriority),
    notBefore: timeOf(tenonnotbefore),
  };
}

function timeOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
