import type { ClaimedDelivery, StoredExecution } from '@tenon/database';

/** A message that is sent at every attempt as it was at the first: everything in it was recorded and never changes. */
export interface DeliveryMessage {
  /** What kind of message it is, as receivers tell them apart. */
  readonly type: 'execution.succeeded' | 'execution.failed' | 'endpoint.ping';
  /** JSON text. */
  readonly body: string;
}

/** A message that only shows that an endpoint is reached and checks signatures. */
export function pingMessage({ endpointId, createdAt }: ClaimedDelivery): DeliveryMessage {
  return message('endpoint.ping', createdAt, JSON.stringify({ endpointId }));
}

/**
 * What a run did, for the operator's endpoint.
 *
 * @param output JSON text, put in as it is, number for number; undefined where it was not kept
 */
export function executionMessage(
  delivery: ClaimedDelivery,
  execution: StoredExecution,
  output: string | undefined,
): DeliveryMessage {
  const { id, kind, eventId, functionId, functionName, versionId, extensionPoint, attempt, outcome } = execution;
  const { message: explanation, instructionsUsed, memoryBytesPeak, wallUs, startedAt, outputSha256 } = execution;
  const data = {
    tenantId: delivery.tenantId,
    executionId: id,
    kind,
    eventId,
    eventType: delivery.eventType,
    extensionPoint,
    function: functionName,
    functionId,
    versionId,
    attempt,
    outcome,
    message: explanation,
    instructionsUsed,
    memoryBytesPeak,
    wallUs,
    startedAt: startedAt.toISOString(),
    outputSha256,
  };
  const text = `${JSON.stringify(data).slice(0, -1)},"output":${output ?? 'null'}}`;
  return message(outcome === 'succeeded' ? 'execution.succeeded' : 'execution.failed', execution.recordedAt, text);
}

/** The envelope that Standard Webhooks recommends. */
function message(type: DeliveryMessage['type'], timestamp: Date, dataText: string): DeliveryMessage {
  return { type, body: `{"type":"${type}","timestamp":"${timestamp.toISOString()}","data":${dataText}}` };
}
