import { Inject, Injectable } from '@nestjs/common';
import {
  type DeliveriesQuery,
  type DeliveryAnswer,
  type DeliveryWithAttemptsAnswer,
  type Id,
  ProblemError,
  type ResendDeliveriesBody,
  type ResentDeliveriesAnswer,
} from '@tenon/contracts';
import type { Database, Delivery, DeliveryFilter } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage, timeOrNull } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';

/** Results on their way to the operator's endpoints. */
@Injectable()
export class DeliveriesService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async list({ limit, cursor, ...filter }: DeliveriesQuery) {
    const page = { limit, cursor, ...filterOf(filter) };
    return mapPage(await this.database.asOperator((tx) => tx.deliveries.list(page)), toDeliveryAnswer);
  }

  get(id: Id<'delivery'>): Promise<DeliveryWithAttemptsAnswer> {
    return this.database.asOperator(async (tx) => {
      const delivery = found(await tx.deliveries.find(id));
      const attempts = await tx.deliveries.attemptsOf(id);
      const attemptList = attempts.map((attempt) => ({ ...attempt, at: attempt.at.toISOString() }));
      return { ...toDeliveryAnswer(delivery), attemptList };
    });
  }

  /** The id stays: a receiver that had it before knows it again. */
  resend(caller: Caller, id: Id<'delivery'>): Promise<DeliveryAnswer> {
    return this.database.asOperator(async (tx) => {
      const before = found(await tx.deliveries.find(id));
      const delivery = await tx.deliveries.resend(id);
      if (delivery === null) throw new ProblemError('conflict', 'It is still being sent.');
      await tx.audit.append(auditOf(caller, 'delivery.resent', id, { before: { status: before.status } }));
      return toDeliveryAnswer(delivery);
    });
  }

  resendAll(caller: Caller, { limit, cursor, ...filter }: ResendDeliveriesBody): Promise<ResentDeliveriesAnswer> {
    return this.database.asOperator(async (tx) => {
      const resent = await tx.deliveries.resendAll(filterOf(filter), limit, cursor);
      const chosen = { ...filter, limit, ...(cursor === undefined ? {} : { cursor }) };
      await tx.audit.append(auditOf(caller, 'deliveries.resent', `${resent.length} deliveries`, chosen));
      const last = resent.at(-1);
      return { resent: resent.length, ...(last === undefined || resent.length < limit ? {} : { next: last }) };
    });
  }
}

type Filter = Pick<DeliveriesQuery, 'endpoint' | 'tenant' | 'status' | 'from' | 'to'>;

function filterOf({ endpoint, tenant, status, from, to }: Filter): DeliveryFilter {
  return { endpointId: endpoint, tenantId: tenant, status, from: timeOf(from), to: timeOf(to) };
}

const timeOf = (text: string | undefined) => (text === undefined ? undefined : new Date(text));

function found(delivery: Delivery | null): Delivery {
  if (delivery === null) throw new ProblemError('not_found', 'There is no such delivery.');
  return delivery;
}

export function toDeliveryAnswer(delivery: Delivery): DeliveryAnswer {
  return {
    ...delivery,
    nextAttemptAt: delivery.nextAttemptAt.toISOString(),
    createdAt: delivery.createdAt.toISOString(),
    finishedAt: timeOrNull(delivery.finishedAt),
  };
}
