import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** Whether `request` shows the scraper's token. Compared as hashes, so that the time says nothing about either. */
export function isScraper({ headers }: FastifyRequest, token: string | undefined): boolean {
  const given = /^Bearer ([!-~]{1,256})$/i.exec(headers.authorization ?? '')?.[1];
  return token !== undefined && given !== undefined && timingSafeEqual(sha256(given), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
