/** The process that builds: checks, meters and translates one upload at a time, because compiling is running. */
import './harden.js';
import {
  decodeBuildBody,
  encodeBuilt,
  encodeFrame,
  encodeJsonFrame,
  type Frame,
  FrameDecoder,
  frameKinds,
} from '@tenon/sandbox';
import { closeModules } from './close-modules.js';
import { build } from './engine.js';

const { stdin, stdout } = process;

function send(frame: Buffer): void {
  stdout.write(frame);
}

async function receive(frame: Frame): Promise<void> {
  switch (frame.kind) {
    case frameKinds.ping:
      send(encodeJsonFrame(frameKinds.pong, frame.id, {}));
      break;
    case frameKinds.build: {
      const { options, module } = decodeBuildBody(frame.body);
      const result = await build(Uint8Array.from(module), options);
      send(encodeFrame(frameKinds.built, frame.id, encodeBuilt(result)));
      break;
    }
    default:
      throw new Error(`a frame of kind ${frame.kind} is not for a sandbox that builds`);
  }
}

/** The component tools: scripts beside this one, and the call that reads their WebAssembly. */
closeModules((specifier) => specifier.startsWith('./') || specifier === 'node:fs/promises');
const decoder = new FrameDecoder();
stdout.on('error', () => process.exit(0));
stdin.on('data', (chunk: Buffer) => decoder.push(chunk, (frame) => void receive(frame)));
stdin.on('end', () => process.exit(0));
