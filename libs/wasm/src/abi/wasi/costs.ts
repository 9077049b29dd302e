/**
 * What calls cost a guest as fuel, where they take the host much longer than a call in the guest takes. One unit stands
 * for about a nanosecond, as an instruction of compiled code does; the numbers were measured by calling in a loop.
 */
export const costs = {
  /** A call that looks at memory. */
  call: 100,
  /** Each buffer of `fd_read` and `fd_write`. */
  buffer: 60,
  /** `poll_oneoff` itself, and each subscription. */
  poll: 1_000,
  subscription: 200,
  /** Each byte of the environment. */
  textByte: 1,
  /** Each byte of `random_get`. */
  randomByte: 1,
} as const;
