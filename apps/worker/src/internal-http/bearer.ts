import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares in constant time; hashing first makes both sides the same length. */
export function bearerMatches(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}
