/** What a cookie may be used for, beside its name and value. */
export interface CookieTerms {
  /** Sent over HTTPS only; the name then carries `__Host-`, so no other host can have set it. */
  readonly secure: boolean;
  /** `Strict`: never with a request that another site began. `Lax`: with one that only follows a link. */
  readonly sameSite: 'Strict' | 'Lax';
  /** 0 removes the cookie. */
  readonly maxAgeS: number;
}

/** The cookie that holds a session's token. */
export const sessionCookie = 'tenon_session';

/** More than any cookie of ours; a longer header is not looked through. */
const headerCharactersMax = 8_192;

/** The name under which a browser keeps the cookie. */
export function cookieName(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}

/**
 * The value of a cookie, if the request carries exactly one of that name: of two, one was planted by somebody else, and
 * there is no telling which.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > headerCharactersMax) return undefined;
  const values = header.split(';').flatMap((part) => {
    const at = part.indexOf('=');
    return at >= 0 && part.slice(0, at).trim() === name ? [part.slice(at + 1).trim()] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** The session's token, under whichever of its two names the browser keeps it. */
export function readSessionToken(header: string | undefined): string | undefined {
  return readCookie(header, cookieName(sessionCookie, true)) ?? readCookie(header, sessionCookie);
}

/** A `Set-Cookie` header. No script can read the cookie. @param value letters, digits, `-`, `_`, `.` and `~`. */
export function writeCookie(name: string, value: string, { secure, sameSite, maxAgeS }: CookieTerms): string {
  const parts = [
    `${cookieName(name, secure)}=${value}`,
    'Path=/',
    'HttpOnly',
    `SameSite=${sameSite}`,
    `Max-Age=${maxAgeS}`,
  ];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}
