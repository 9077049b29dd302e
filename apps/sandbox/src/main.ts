/** The sandbox process: frames in on stdin, frames out on stdout, nothing else. It ends when its stdin does. */
import './harden.js';
import { type Frame, FrameDecoder, frameKinds, type SandboxConfiguration } from '@tenon/sandbox';
import { closeModules } from './close-modules.js';
import { Supervisor } from './supervisor.js';

/** Above this many unsent bytes nothing more is read: the host must take its answers first. */
const unsentBytesMax = 16 * 1024 * 1024;

const { stdin, stdout } = process;
let supervisor: Supervisor | undefined;
let corked = false;

/** All frames of one turn of the event loop leave in one write. */
function send(frame: Buffer): void {
  if (!corked) {
    corked = true;
    stdout.cork();
    process.nextTick(() => {
      corked = false;
      stdout.uncork();
    });
  }
  stdout.write(frame);
  if (stdout.writableLength > unsentBytesMax) stdin.pause();
}

function receive(frame: Frame): void {
  if (supervisor !== undefined) {
    supervisor.receive(frame);
    return;
  }
  if (frame.kind !== frameKinds.configure) throw new Error('the first frame must configure the sandbox');
  supervisor = new Supervisor(JSON.parse(frame.body.toString()) as SandboxConfiguration, send);
}

closeModules();
const decoder = new FrameDecoder();
stdout.on('drain', () => stdin.resume());
stdout.on('error', () => process.exit(0));
stdin.on('data', (chunk: Buffer) => decoder.push(chunk, receive));
stdin.on('end', () => process.exit(0));
