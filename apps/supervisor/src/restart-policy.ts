const delayMsMin = 500;
const delayMsMax = 30_000;
/** Up for this long, a process counts as healthy again. */
const healthyMs = 60_000;
const crashesMax = 8;

/** Decides when a crashed process starts again: twice as late each time, and not for ever. */
export class RestartPolicy {
  #crashes = 0;

  /** @returns milliseconds to wait, or undefined when it crashed too often in a row. */
  afterCrash(uptimeMs: number): number | undefined {
    this.#crashes = uptimeMs >= healthyMs ? 1 : this.#crashes + 1;
    if (this.#crashes > crashesMax) return undefined;
    return Math.min(delayMsMin * 2 ** (this.#crashes - 1), delayMsMax);
  }
}
