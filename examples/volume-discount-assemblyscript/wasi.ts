// The two calls of WASI preview 1 that a Tenon function needs, without a library.

@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: u32, buffers: usize, count: usize, read: usize): u32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: u32, buffers: usize, count: usize, written: usize): u32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: u32): void;

// One buffer description (pointer, length) and one result.
const vector = memory.data(8);
const moved = memory.data(4);

/** All of standard input as text. */
export function readInput(bytesMax: i32): string {
  const buffer = new ArrayBuffer(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    store<usize>(vector, changetype<usize>(buffer) + length);
    store<u32>(vector, bytesMax - length, 4);
    if (fd_read(0, vector, 1, moved) != 0) break;
    const read = load<u32>(moved);
    if (read == 0) break;
    length += read;
  }
  return String.UTF8.decodeUnsafe(changetype<usize>(buffer), length);
}

/** Writes text to standard output (1) or standard error (2). */
export function write(fd: u32, text: string): void {
  const bytes = String.UTF8.encode(text);
  store<usize>(vector, changetype<usize>(bytes));
  store<u32>(vector, bytes.byteLength, 4);
  fd_write(fd, vector, 1, moved);
}

/** Ends the function: Tenon shows the message as its last words and reports exit code 1. */
export function fail(message: string): void {
  write(2, message + "\n");
  proc_exit(1);
}

/** What AssemblyScript calls when an assertion of its runtime fails. */
export function abort(message: string | null, file: string | null, line: u32, _column: u32): void {
  fail((message ? message : "aborted") + " at " + (file ? file : "?") + ":" + line.toString());
}
