import { createHash } from 'node:crypto';
import { ProblemError } from '@tenon/contracts';

/** What a conditional header names: any representation at all, or these. */
export type TagList = '*' | readonly string[];

/** Longer lists help nobody; Node bounds the header as a whole. */
const tagsMax = 20;
/** 22 characters of base64url are 132 bits: two representations never share a tag by chance. */
const tagLength = 22;
const listPattern = /^(?:W\/)?"[!#-~]{0,128}"(?:[ \t]*,[ \t]*(?:W\/)?"[!#-~]{0,128}")*$/;

/** The strong entity tag of a representation: equal tags mean equal bytes. */
export function entityTagOf(representation: object | string | Buffer): string {
  const isBytes = typeof representation === 'string' || Buffer.isBuffer(representation);
  const bytes = isBytes ? representation : JSON.stringify(representation);
  return `"${createHash('sha256').update(bytes).digest('base64url').slice(0, tagLength)}"`;
}

/**
 * Reads `If-Match` or `If-None-Match` (RFC 9110, section 13.1).
 *
 * @throws ProblemError `invalid_request` for what is neither `*` nor a list of entity tags
 */
export function parseTagList(name: string, header: string | undefined): TagList | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (text === '*') return '*';
  const tags = listPattern.test(text) ? (text.match(/(?:W\/)?"[^"]*"/g) ?? []) : [];
  if (tags.length > 0 && tags.length <= tagsMax) return tags;
  throw new ProblemError('invalid_request', 'The request does not fit its schema; see errors.', [
    { pointer: `/header/${name}`, message: `expected "*" or at most ${tagsMax} entity tags in double quotes` },
  ]);
}

/** Strong comparison, for changes: a weak tag matches nothing. */
export function matchesStrongly(list: TagList, tag: string | undefined): boolean {
  if (tag === undefined) return false;
  return list === '*' || list.includes(tag);
}

/** Weak comparison, for reads: what a proxy weakened still names the same content. */
export function matchesWeakly(list: TagList, tag: string | undefined): boolean {
  if (tag === undefined) return false;
  return list === '*' || list.some((known) => known.replace(/^W\//, '') === tag);
}
