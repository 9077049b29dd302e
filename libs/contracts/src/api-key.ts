import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Tenant keys start with `tnk_`, operator keys with `tno_`, so that secret scanners and people can tell them. */
export const apiKeyPrefixes = { tenant: 'tnk', operator: 'tno' } as const;
export type ApiKeyKind = keyof typeof apiKeyPrefixes;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 32 characters of 62 are 190 bits: nobody guesses one, so an unsalted hash is enough to keep it. */
const secretLength = 32;
/** 62^6 is more than 2^32, so six characters hold a CRC-32. */
const checksumLength = 6;
const pattern = /^(tnk|tno)_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

/** A key as its owner holds it, with what the server keeps of it. */
export interface MintedApiKey {
  /** Shown once; never stored and never logged. */
  readonly key: string;
  /** SHA-256 of the whole key: what the database looks it up by. */
  readonly hash: Buffer;
  /** Prefix and four characters: enough to tell keys apart in a list. */
  readonly prefix: string;
}

/** Makes a new key. The last six characters are a CRC-32 over the rest, so a scanner can check a find offline. */
export function mintApiKey(kind: ApiKeyKind): MintedApiKey {
  const body = `${apiKeyPrefixes[kind]}_${randomBase62(secretLength)}`;
  const key = body + checksumOf(body);
  return { key, hash: hashApiKey(key), prefix: body.slice(0, 8) };
}

/** The kind of `text` if it has the form and the checksum of a key; typing errors are refused without a query. */
export function apiKeyKindOf(text: string): ApiKeyKind | undefined {
  const match = pattern.exec(text);
  if (match === null || checksumOf(text.slice(0, -checksumLength)) !== match[3]) return undefined;
  return match[1] === apiKeyPrefixes.operator ? 'operator' : 'tenant';
}

/** What the database stores and looks up: SHA-256 over the key's characters. */
export function hashApiKey(key: string): Buffer {
  return Buffer.from(hashApiKeyText(key), 'base64');
}

/** The same in base64, to remember it by: a text costs a quarter of what a Buffer costs. */
export function hashApiKeyText(key: string): string {
  return hash('sha256', key, 'base64');
}

function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let index = 0; index < checksumLength; index += 1) {
    text = alphabet.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** Bytes of 248 and above are drawn again, so that every character is equally likely (248 is 4 x 62). */
function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += alphabet.charAt(byte % 62);
  }
  return text;
}
