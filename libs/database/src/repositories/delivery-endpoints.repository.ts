import { type Id, newId } from '@tenon/contracts';
import type { PrismaTransaction } from '../connection/prisma.js';
import type { DeliveryEndpoint as EndpointRow } from '../generated/client.js';
import { newestFirst, type Page, type PageRequest, pageOf } from '../page.js';

export type DeliveryOutcomes = 'all' | 'succeeded' | 'failed';
/** What deliveries of one endpoint keep their order among: nothing, one tenant's, one function's, one subject's. */
export type DeliveryOrdering = 'none' | 'tenant' | 'function' | 'subject';
/** `disabled`: the endpoint answered 410. */
export type EndpointStatus = 'active' | 'paused' | 'disabled';

/** Which results go to an endpoint, and in which order. */
export interface EndpointTerms {
  readonly name: string;
  readonly url: string;
  /** Empty: all of them. */
  readonly extensionPoints: readonly string[];
  /** Types of the events that were run; empty: all of them. */
  readonly eventTypes: readonly string[];
  readonly outcomes: DeliveryOutcomes;
  readonly ordering: DeliveryOrdering;
}

/** Where results are sent to. */
export interface DeliveryEndpoint extends EndpointTerms {
  readonly id: Id<'deliveryEndpoint'>;
  /** Sealed by the caller: one, or two while one is being replaced; the first signs first. */
  readonly secrets: readonly Uint8Array[];
  readonly status: EndpointStatus;
  readonly statusReason: string | null;
  /** Attempts in a row that failed. */
  readonly failures: number;
  /** Nothing is sent before this time. */
  readonly openUntil: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

type EndpointId = Id<'deliveryEndpoint'>;

/** The operator's endpoints. */
export class DeliveryEndpointsRepository {
  constructor(private readonly prisma: PrismaTransaction) {}

  /** @param endpoint its `id` is chosen beforehand, because seals bind the secret to it. */
  async create({ id = newId('deliveryEndpoint'), secrets, ...terms }: NewEndpoint): Promise<DeliveryEndpoint> {
    const data = { id, ...columnsOf(terms), secrets: copies(secrets) };
    return toEndpoint(await this.prisma.deliveryEndpoint.create({ data }));
  }

  count(): Promise<number> {
    return this.prisma.deliveryEndpoint.count();
  }

  async find(id: EndpointId): Promise<DeliveryEndpoint | null> {
    const row = await this.prisma.deliveryEndpoint.findUnique({ where: { id } });
    return row === null ? null : toEndpoint(row);
  }

  async list(page: PageRequest): Promise<Page<DeliveryEndpoint>> {
    const rows = await this.prisma.deliveryEndpoint.findMany(newestFirst(page));
    return pageOf(rows.map(toEndpoint), page.limit, (endpoint) => endpoint.id);
  }

  /** @returns what it is now, or null when there is no such endpoint. */
  async update(id: EndpointId, terms: EndpointTerms): Promise<DeliveryEndpoint | null> {
    return this.#change(id, columnsOf(terms));
  }

  /** Pauses an endpoint, or lets it go on with a closed circuit. */
  async setStatus(id: EndpointId, status: 'active' | 'paused'): Promise<DeliveryEndpoint | null> {
    return this.#change(id, { status, statusReason: null, failures: 0, openUntil: null });
  }

  /** Replaces the live secrets, one or two. */
  async setSecrets(id: EndpointId, secrets: readonly Uint8Array[]): Promise<DeliveryEndpoint | null> {
    return this.#change(id, { secrets: copies(secrets) });
  }

  /** Its deliveries go with it. @returns false when there is no such endpoint. */
  async delete(id: EndpointId): Promise<boolean> {
    return (await this.prisma.deliveryEndpoint.deleteMany({ where: { id } })).count === 1;
  }

  async #change(id: EndpointId, data: object): Promise<DeliveryEndpoint | null> {
    const changed = { ...data, updatedAt: new Date() };
    const { count } = await this.prisma.deliveryEndpoint.updateMany({ where: { id }, data: changed });
    return count === 0 ? null : this.find(id);
  }
}

interface NewEndpoint extends EndpointTerms {
  readonly id?: EndpointId;
  readonly secrets: readonly Uint8Array[];
}

function columnsOf({ name, url, extensionPoints, eventTypes, outcomes, ordering }: EndpointTerms) {
  return { name, url, extensionPoints: [...extensionPoints], eventTypes: [...eventTypes], outcomes, ordering };
}

const copies = (secrets: readonly Uint8Array[]) => secrets.map((secret) => new Uint8Array(secret));

function toEndpoint(row: EndpointRow): DeliveryEndpoint {
  return {
    ...row,
    id: row.id as EndpointId,
    outcomes: row.outcomes as DeliveryOutcomes,
    ordering: row.ordering as DeliveryOrdering,
    status: row.status as EndpointStatus,
  };
}
