import type { AgainEvent, Database, WorkEvent } from '@tenon/database';
import type { DispatchedBatch } from '@tenon/queue';
import type { Logger } from '@tenon/telemetry';

/**
 * An event whose job was lost this often takes down whoever runs it. It is dead then, instead of taking down the next
 * worker for ever.
 */
export const lossesMax = 20;

/** Counts a loss for each event of a job that is gone without a word. */
export async function lostBatch(
  database: Pick<Database, 'eventWork' | 'recorder'>,
  logger: Logger,
  { jobId, tenantId, eventIds }: DispatchedBatch,
): Promise<void> {
  const { events } = await database.eventWork.load(tenantId, eventIds);
  if (events.length === 0) return;
  logger.warn({ jobId, tenantId, events: events.length }, 'a job was lost; its events go back into line');
  await database.recorder.record(tenantId, { executions: [], againEvents: events.map(afterLoss) });
}

function afterLoss({ id, attempts, failures, todo }: WorkEvent): AgainEvent {
  const count = failures + 1;
  const dead = count >= lossesMax;
  return {
    id,
    attempts,
    attemptsNow: attempts,
    failures: count,
    status: dead ? 'dead' : 'ready',
    reason: dead ? 'the jobs that carried the event were lost too often' : 'the job that carried the event was lost',
    todo: todo ?? undefined,
  };
}
