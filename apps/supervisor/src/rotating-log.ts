import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * A log file that never grows beyond `bytesMax`: when it would, it becomes `<file>.1` and the one before it goes. Writes
 * are synchronous, so that the last words before a crash are there.
 */
export class RotatingLog {
  #bytes: number;

  constructor(
    private readonly file: string,
    private readonly bytesMax = 5_000_000,
  ) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes > 0 && this.#bytes + bytes > this.bytesMax) this.rotate();
    appendFileSync(this.file, `${line}\n`, { mode: 0o600 });
    this.#bytes += bytes;
  }

  private rotate(): void {
    rmSync(`${this.file}.1`, { force: true });
    renameSync(this.file, `${this.file}.1`);
    this.#bytes = 0;
  }
}
