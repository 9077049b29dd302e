/** Runs guests: claims work from a queue, one at a time, each in a fresh instance. Holds no handle but its queue. */
import './harden.js';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { ExecutionResult } from '@tenon/contracts';
import { decodeRun, encodeRunResult } from '@tenon/sandbox';
import { closeModules } from './close-modules.js';
import { type CompiledArtifact, type Guest, MemoryShelf, prepareGuest } from './engine.js';
import { freezeRealm } from './freeze-realm.js';
import { closeDoors } from './realm.js';
import { sharedNowMs } from './shared-clock.js';
import { ThreadClock } from './thread-clock.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';
import { WorkQueue } from './work-queue.js';

/** How long a thread without work sleeps before it lets its event loop turn, which frees what was dropped. */
const idleMs = 1_000;
/** After so many runs in a row the event loop turns even under load. */
const runsPerTurnMax = 1_000;

const port = parentPort;
if (port === null) throw new Error('a guest thread needs a supervisor');
const { mail } = workerData as ThreadData;
const mailWords = new Int32Array(mail);
const guests = new Map<number, Guest>();
const shelf = new MemoryShelf();
const compiledArtifacts = new Map<number, CompiledArtifact>();
const clock = new ThreadClock();
let isFrozen = false;
const nextTurn = setImmediate;

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

function receive(message: ToThread): void {
  if (message.kind === 'artifact') compiledArtifacts.set(message.artifact, message.compiled);
  else if (message.kind === 'drop') guests.delete(message.artifact);
}

function nextMessage(): ToThread | undefined {
  const received = port === null ? undefined : receiveMessageOnPort(port);
  return received?.message as ToThread | undefined;
}

/** Asks the supervisor for a compiled artifact and sleeps until it comes; the supervisor's clock bounds the wait. */
function fetchCompiled(artifact: number): CompiledArtifact {
  post({ kind: 'want', artifact });
  for (;;) {
    const seen = Atomics.load(mailWords, 0);
    for (let message = nextMessage(); message !== undefined; message = nextMessage()) receive(message);
    const compiled = compiledArtifacts.get(artifact);
    if (compiled !== undefined) {
      compiledArtifacts.delete(artifact);
      return compiled;
    }
    Atomics.wait(mailWords, 0, seen);
  }
}

function guestFor(artifact: number): Guest {
  const compiled = fetchCompiled(artifact);
  if (compiled.abi === 'component' && !isFrozen) {
    isFrozen = true;
    freezeRealm();
  }
  const guest = prepareGuest(compiled, shelf);
  guests.set(artifact, guest);
  return guest;
}

function run(guest: Guest, encoded: Buffer, tenant: number): ExecutionResult {
  const request = decodeRun(encoded);
  const { result, times } = clock.measure(() => guest.run(request, `${tenant}`));
  return { ...result, ...times };
}

function runSlot(queue: WorkQueue, slot: number): void {
  const artifact = queue.artifact(slot);
  let guest = guests.get(artifact);
  if (guest === undefined) {
    queue.start(slot, sharedNowMs(), true);
    guest = guestFor(artifact);
  }
  queue.start(slot, sharedNowMs(), false);
  // Copied, because a guest's input must not change under it while it is decoded.
  const result = encodeRunResult(run(guest, Buffer.from(queue.bytes(slot)), queue.tenant(slot)));
  if (queue.finish(slot, result)) queue.ring();
  else post({ kind: 'result', slot, bytes: result });
  shelf.clear();
}

async function serve(queue: WorkQueue, number: number, seat: number): Promise<never> {
  for (;;) {
    for (let runs = 0; runs < runsPerTurnMax; runs += 1) {
      const slot = queue.claim(number);
      if (slot !== undefined) {
        runSlot(queue, slot);
        continue;
      }
      queue.ringLast();
      if (queue.awaitWork(seat, idleMs) === 'timed-out') break;
    }
    await new Promise((resolve) => nextTurn(resolve));
  }
}

closeModules();
closeDoors();
port.on('message', (message: ToThread) => {
  if (message.kind === 'bind') void serve(new WorkQueue(message.queue), message.number, message.seat);
  else receive(message);
});
