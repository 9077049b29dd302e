import { requestText } from './http-load.ts';

const cart = {
  currency: 'EUR',
  lines: [
    { sku: 'mug-blue', quantity: 12, unitPrice: 1250 },
    { sku: 'poster-a2', quantity: 3, unitPrice: 1990 },
    { sku: 'sticker-sheet', quantity: 150, unitPrice: 200 },
  ],
};

const dataText = JSON.stringify(cart);
let sent = 0;

function eventText(): string {
  sent += 1;
  return `{"specversion":"1.0","id":"bench-${sent}","source":"/bench","type":"cart.updated","data":${dataText}}`;
}

/** A request that carries `events` new events, all different to the api. */
export function eventsRequest(key: string, events: number): string {
  if (events === 1) return requestText('/v1/events', key, 'application/cloudevents+json', eventText());
  const body = `[${Array.from({ length: events }, eventText).join(',')}]`;
  return requestText('/v1/events', key, 'application/cloudevents-batch+json', body);
}
