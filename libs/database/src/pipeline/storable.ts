import { storableText } from '@tenon/audit';

/** Text as Postgres can keep it; see {@link storableText}. */
export { storableText };

/** The same for a value that may be absent: absent is null. */
export function storableOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : storableText(text);
}

/** The same, where absent stays undefined. */
export function storable(text: string | undefined): string | undefined {
  return text === undefined ? undefined : storableText(text);
}
