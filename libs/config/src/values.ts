import path from 'node:path';
import { z } from 'zod';
import { Secret } from './secret.js';

/** Schemas from the text of an environment variable to a typed value; messages complete "expected …". */

export function wholeNumber(min: number, max: number) {
  const message = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,12}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `expected one of ${values.join(', ')}` });
}

export const yesOrNo = oneOf(['yes', 'no']).transform((value) => value === 'yes');

export const host = z.string().regex(/^[A-Za-z0-9.:_-]{1,255}$/, 'expected a host name or an IP address');

export const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket: 3 to 63 of a-z, 0-9, "." and "-"');

export const objectPrefix = z
  .string()
  .regex(/^(?:[A-Za-z0-9._-]{1,100}\/){1,8}$/, 'expected names that end with "/" each, such as "tenon/"');

export const storeSecret = z
  .string()
  .regex(/^[!-~]{1,256}$/, 'expected 1 to 256 printable characters')
  .transform((value) => new Secret(value));

export const folder = z
  .string()
  .max(4_096)
  .transform((value) => path.resolve(value));

function urlWith(protocols: readonly string[]) {
  return z.string().refine(
    (value) => {
      const url = URL.parse(value);
      return url !== null && protocols.includes(url.protocol);
    },
    `expected a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );
}

export const webUrl = urlWith(['http:', 'https:']).transform((value) => value.replace(/\/+$/, ''));
export const postgresUrl = urlWith(['postgres:', 'postgresql:']).transform((value) => new Secret(value));
export const redisUrl = urlWith(['redis:', 'rediss:']).transform((value) => new Secret(value));

export const token = z
  .string()
  .regex(/^[\x21-\x7e]{32,256}$/, 'expected 32 to 256 printable characters without spaces')
  .transform((value) => new Secret(value));

export const shortText = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/, 'expected 1 to 256 printable characters without spaces');
export const secretText = shortText.transform((value) => new Secret(value));

export const keyPrefix = z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected 1 to 32 of a-z, 0-9 and "-"');

function masterKey(text: string): Uint8Array | undefined {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  return bytes.length === 32 ? bytes : undefined;
}

/** One or more keys of 32 bytes, comma-separated; the first one seals. */
export const masterKeys = z.string().transform((value, context) => {
  const keys = value.split(',').map((part) => masterKey(part.trim()));
  const whole = keys.filter((key) => key !== undefined);
  if (whole.length === keys.length) return whole;
  context.addIssue('expected 32 bytes as base64 or hexadecimal, such as: openssl rand -base64 32');
  return z.NEVER;
});

/** Entries parted by commas; what each of them may be is for their reader to say. */
export const targets = z
  .string()
  .max(8_192)
  .transform((value) => value.split(',').map((part) => part.trim()))
  .transform((parts) => parts.filter((part) => part !== ''));
