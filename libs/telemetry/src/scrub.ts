const mask = '[redacted]';
const depthMax = 6;
const entriesMax = 100;
const textLengthMax = 8_000;

/** Names whose value is a secret whatever it looks like. Compared in lower case, without `-` and `_`. */
const secretNames =
  /^(authorization|proxyauthorization|cookie|setcookie|password|passwd|pwd|secret|secrets|secretkey|clientsecret|signingsecret|token|accesstoken|refreshtoken|internaltoken|apikey|tenantkey|operatorkey|privatekey|credentials|signature|webhooksignature|xshopifyhmacsha256|databaseurl|redisurl|connectionstring)$/;

/** Secrets that give themselves away by their form, wherever in a text they stand. */
const secretForms: readonly [RegExp, string][] = [
  // Up to the last @ before a slash or space: passwords may hold an @ of their own.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/"'\\]*@/gi, `$1${mask}@`],
  [/\b(tn[kois]_)[0-9A-Za-z]{6,}/g, `$1${mask}`],
  [/\b(whsec_)[0-9A-Za-z+/=_-]+/g, `$1${mask}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${mask}`],
  [/\bv1a?,[A-Za-z0-9+/]{40,}={0,2}/g, `v1,${mask}`],
  [/([?&](?:token|key|secret|password|signature|hmac)=)[^&\s"'\\]+/gi, `$1${mask}`],
];

/** `text` without URL passwords, API keys, webhook secrets and signatures. */
export function scrubText(text: string): string {
  return secretForms.reduce((clean, [form, replacement]) => clean.replace(form, replacement), text);
}

function boundedText(text: string): string {
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax)}… (${text.length} characters)` : text;
}

function isSecretName(name: string): boolean {
  return secretNames.test(name.toLowerCase().replace(/[-_]/g, ''));
}

function scrubError(error: Error, depth: number): Record<string, unknown> {
  // Only fields that are known: drivers and HTTP clients hang whole rows, requests and headers on their errors.
  return {
    type: error.name,
    message: scrubText(boundedText(error.message)),
    ...(error.stack === undefined ? {} : { stack: scrubText(boundedText(error.stack)) }),
    ...('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
      ? { code: error.code }
      : {}),
    ...(error.cause === undefined ? {} : { cause: scrubValue(error.cause, depth + 1) }),
  };
}

function scrubEntries(value: object, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value).slice(0, entriesMax)) {
    clean[name] = isSecretName(name) && entry !== undefined && entry !== null ? mask : scrubValue(entry, depth + 1);
  }
  return clean;
}

function scrubValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(boundedText(value));
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth > depthMax) return '[deeper]';
  if (value instanceof Error) return scrubError(value, depth);
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return scrubValue(value.toJSON(), depth + 1);
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((entry) => scrubValue(entry, depth + 1));
  return scrubEntries(value, depth);
}

/** A copy of what is about to be logged, without secrets and bounded in depth and size. */
export function scrub(value: object): Record<string, unknown> {
  return scrubEntries(value, 0);
}
