/** The errno values of WASI preview 1 that this host answers with, from the `errno` enum of its witx definition. */
export const errno = {
  success: 0,
  badf: 8,
  fault: 21,
  inval: 28,
  noent: 44,
  nosys: 52,
  notdir: 54,
  notsock: 57,
  notsup: 58,
  spipe: 70,
  notcapable: 76,
} as const;

export type Errno = (typeof errno)[keyof typeof errno];
