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

/** `cart.updated` runs `examples/volume-discount`, `cart.copied` a function that copies its input to its output. */
export type BenchEventType = 'cart.updated' | 'cart.copied';

function eventText(type: BenchEventType): string {
  sent += 1;
  return `{"specversion":"1.0","id":"bench-${sent}","source":"/bench","type":"${type}","data":${dataText}}`;
}

/** A request that carries `events` new events, all different to the api. */
export function eventsRequest(key: string, events: number, type: BenchEventType = 'cart.updated'): string {
  if (events === 1) return requestText('/v1/events', key, 'application/cloudevents+json', eventText(type));
  const body = `[${Array.from({ length: events }, () => eventText(type)).join(',')}]`;
  return requestText('/v1/events', key, 'application/cloudevents-batch+json', body);
}
