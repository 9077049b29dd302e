import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import type { ResolveHost } from '@tenon/webhooks';

export interface DnsStub {
  /** Asks this server and nobody else. */
  readonly resolve: ResolveHost;
  /** Questions that were asked so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A real DNS server on loopback that answers every question for an A record with the next of `answers`, the last for ever. */
export async function startDnsStub(answers: readonly string[]): Promise<DnsStub> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (question, from) => {
    asked.push(nameIn(question));
    const address = answers[Math.min(asked.length, answers.length) - 1] ?? '0.0.0.0';
    socket.send(answerTo(question, address), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    asked,
    resolve: (host) => resolver.resolve4(host),
    close: async () => {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}

const headerBytes = 12;

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = headerBytes; ; ) {
    const length = question[at] ?? 0;
    if (length === 0) return labels.join('.');
    labels.push(question.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
}

/** The question again, and one A record with a lifetime of 0 seconds. */
function answerTo(question: Buffer, address: string): Buffer {
  const end = headerBytes + nameIn(question).length + 2 + 4;
  const header = Buffer.from([...question.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question.subarray(headerBytes, end), record]);
}
