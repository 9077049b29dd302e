/** What calls cost a plug-in as fuel; a unit stands for about a nanosecond of the host's time. Measured in loops. */
export const costs = {
  /** Reading or writing eight bytes at most, or asking for a length. */
  access: 80,
  /** A call that looks up, makes or frees a block. */
  call: 100,
  /** A line of log, an error, a variable or a setting: a text is decoded, and bytes are kept. */
  text: 400,
  /** Each eight bytes that are copied. */
  word: 1,
} as const;
