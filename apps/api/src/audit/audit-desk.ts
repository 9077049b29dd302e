import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { ProblemError } from '@tenon/contracts';

/** Walks over whole chains that one process does at once, whoever asks. */
const walksMax = 4;

/**
 * Reading a whole chain is work for seconds, so there is one walk per chain at a time, and few in all: whoever comes
 * meanwhile is told at once to come again, instead of waiting in a line that grows.
 */
@Injectable()
export class AuditDesk {
  readonly #walking = new Set<string>();

  /** @throws ProblemError `rate_limited` */
  async serve<Result>(chain: string, walk: () => Promise<Result>): Promise<Result> {
    this.#enter(chain);
    try {
      return await walk();
    } finally {
      this.#walking.delete(chain);
    }
  }

  /**
   * The same for what is read while it goes out: the place is free again when the stream has ended, however it ends.
   *
   * @throws ProblemError `rate_limited`
   */
  async stream(chain: string, open: () => Promise<AsyncGenerator<string>>): Promise<Readable> {
    this.#enter(chain);
    try {
      // One chunk ahead is enough: the generator waits while the reader is slow.
      const stream = Readable.from(await open(), { objectMode: true, highWaterMark: 1 });
      stream.once('close', () => this.#walking.delete(chain));
      return stream;
    } catch (error) {
      this.#walking.delete(chain);
      throw error;
    }
  }

  #enter(chain: string): void {
    if (this.#walking.has(chain)) {
      throw new ProblemError('rate_limited', 'This audit log is being read as a whole already; try again.');
    }
    if (this.#walking.size >= walksMax) {
      throw new ProblemError('rate_limited', `${walksMax} audit logs are being read as a whole already; try again.`);
    }
    this.#walking.add(chain);
  }
}
