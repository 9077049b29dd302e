// What somebody would write for workerd: a fresh instance of the guest per request, JSON on stdin and stdout (WASI).
/* global guest, addEventListener */

const decoder = new TextDecoder();
const encoder = new TextEncoder();

class Exit extends Error {}

function run(input) {
  const stdin = encoder.encode(input);
  let read = 0;
  const stdout = [];
  let memory;
  const view = () => new DataView(memory.buffer);
  const vectors = (at, count) =>
    Array.from({ length: count }, (_, index) => {
      const [start, length] = [view().getUint32(at + index * 8, true), view().getUint32(at + index * 8 + 4, true)];
      return new Uint8Array(memory.buffer, start, length);
    });
  const imports = {
    wasi_snapshot_preview1: {
      environ_get: () => 0,
      environ_sizes_get: (count, size) => {
        view().setUint32(count, 0, true);
        view().setUint32(size, 0, true);
        return 0;
      },
      fd_read: (_fd, at, count, result) => {
        let total = 0;
        for (const vector of vectors(at, count)) {
          const part = stdin.subarray(read, read + vector.length);
          vector.set(part);
          read += part.length;
          total += part.length;
        }
        view().setUint32(result, total, true);
        return 0;
      },
      fd_write: (fd, at, count, result) => {
        let total = 0;
        for (const vector of vectors(at, count)) {
          if (fd === 1) stdout.push(vector.slice());
          total += vector.length;
        }
        view().setUint32(result, total, true);
        return 0;
      },
      proc_exit: () => {
        throw new Exit();
      },
    },
  };
  const { exports } = new WebAssembly.Instance(guest, imports);
  memory = exports.memory;
  try {
    exports._start();
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
  }
  return JSON.parse(stdout.map((part) => decoder.decode(part)).join(''));
}

async function answer(request) {
  const { input } = await request.json();
  return Response.json({ outcome: 'succeeded', output: run(JSON.stringify(input)) });
}

addEventListener('fetch', (event) => event.respondWith(answer(event.request)));
