/**
 * Whether Postgres refuses data for what it is, and always will: it can't take it, it breaks a rule of the tables, or it
 * is too much (classes 22, 23 and 54 of SQLSTATE). What can't even be written down for it is no better.
 */
export function isRefused(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  return error instanceof Error && 'code' in error && /^(?:22|23|54)/.test(String(error.code));
}
