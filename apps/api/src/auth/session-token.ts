import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits: nobody guesses one, so an unsalted hash is enough to keep it. */
const tokenBytes = 32;
const pattern = /^tn[si]_[0-9a-f]{64}$/;

/** What a browser or an invited person holds, with what the server keeps of it. */
export interface MintedToken {
  /** Never stored and never logged. */
  readonly token: string;
  /** SHA-256 of the whole token. */
  readonly hash: Buffer;
}

/** @param kind `session`: `tns_…`, for a cookie; `invitation`: `tni_…`. Secret scanners and our own logs know the form. */
export function mintToken(kind: 'session' | 'invitation'): MintedToken {
  const token = `${kind === 'session' ? 'tns' : 'tni'}_${randomBytes(tokenBytes).toString('hex')}`;
  return { token, hash: hashToken(token) };
}

/** The hash to look a token up by; undefined for what can't be one. */
export function hashOfToken(text: string): Buffer | undefined {
  return pattern.test(text) ? hashToken(text) : undefined;
}

function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * The token against forged requests that belongs to a session. It is computed from the session's own, so it needs no
 * place in the database, changes with every sign-in, and says nothing about the cookie.
 */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('tenon/csrf/v1').digest('base64url');
}

/** Compares in a time that does not depend on where the two differ. */
export function isCsrfToken(given: string | undefined, sessionToken: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(csrfTokenOf(sessionToken)));
}
