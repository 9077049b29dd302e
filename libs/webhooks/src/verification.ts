/** Header names in lower case, as Node gives them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A message as it came in, and when. */
export interface WebhookMessage {
  readonly headers: WebhookHeaders;
  /** The bytes as they came; a signature over re-serialised JSON would not match. */
  readonly body: Uint8Array;
  /** The receiver's clock, milliseconds since 1970. */
  readonly nowMs: number;
}

/** Why a message was refused: for our own records, never for its sender. */
export type WebhookRefusal = 'header_missing' | 'header_malformed' | 'too_old' | 'too_new' | 'signature_mismatch';

export type WebhookVerification =
  | { readonly verified: true /** The sender's id of the message, for deduplication. */; readonly messageId: string }
  | { readonly verified: false; readonly reason: WebhookRefusal };

/** A header that must be there once and be short: a repeated one is as good as none. */
export function singleHeader(headers: WebhookHeaders, name: string, charactersMax = 256): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value.length > 0 && value.length <= charactersMax ? value : undefined;
}

/** A refusal and why. */
export function refused(reason: WebhookRefusal): WebhookVerification {
  return { verified: false, reason };
}
