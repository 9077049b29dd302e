/** Codes of the network, of Postgres (SQLSTATE) and of Prisma that mean: not now, perhaps in a moment. */
const outageCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  // too_many_connections, cannot_connect_now, admin_shutdown, crash_shutdown, database is not accepting connections
  '53300',
  '57P03',
  '57P01',
  '57P02',
  '55000',
  // query_canceled (a statement took longer than it may), lock_not_available
  '57014',
  '55P03',
  // Prisma: unreachable, timed out, connection closed, pool exhausted, transaction could not start
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);

/** What pg says without a code. */
const outageMessages =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

const depthMax = 5;

/** Whether an error says that a part of Tenon is away, which is worth another try, rather than that we are wrong. */
export function isOutage(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > depthMax) return false;
  const { code, message, originalCode } = error as { code?: unknown; message?: unknown; originalCode?: unknown };
  if (typeof code === 'string' && outageCodes.has(code)) return true;
  if (typeof originalCode === 'string' && outageCodes.has(originalCode)) return true;
  if (typeof message === 'string' && outageMessages.test(message)) return true;
  return (
    isOutage(Reflect.get(error, 'cause'), depth + 1) ||
    isOutage(Reflect.get(error, 'meta'), depth + 1) ||
    isOutage(Reflect.get(error, 'driverAdapterError'), depth + 1)
  );
}
