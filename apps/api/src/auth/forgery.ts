import type { IncomingHttpHeaders } from 'node:http';

/** Methods that change nothing; a forged request of these does no harm, and its answer stays unreadable. */
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request with this method may change something. */
export function isUnsafe(method: string): boolean {
  return !safeMethods.has(method);
}

/**
 * Whether a browser says that the request began on a page of another origin. Browsers set both headers themselves and
 * let no page change them; programs send neither.
 *
 * @param origin ours, as browsers see it; without it the Host header has to fit.
 */
export function isFromElsewhere(headers: IncomingHttpHeaders, origin: string | undefined): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const given = headers.origin;
  if (given === undefined) return false;
  if (origin !== undefined) return given !== origin;
  const url = URL.parse(given);
  return url === null || url.host !== headers.host;
}
