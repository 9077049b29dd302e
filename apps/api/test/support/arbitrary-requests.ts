import fc from 'fast-check';
import type { InjectOptions } from 'light-my-request';
import { nastyValues, spoiled, valuesOf } from './arbitrary-values.js';
import type { DocumentedOperation, OpenApiDocument, Parameter } from './document.js';

/** What really exists, by the name of the parameter that asks for it. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

export interface ArbitraryRequest extends InjectOptions {
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Requests to one operation: some as the document has them, most with something wrong somewhere. */
export function requestsTo(
  document: OpenApiDocument,
  target: DocumentedOperation,
  known: KnownValues,
): fc.Arbitrary<ArbitraryRequest> {
  return fc
    .tuple(addresses(document, target, known), headersOf(document, target), bodiesOf(document, target))
    .map(([url, headers, body]) => ({
      method: target.method.toUpperCase() as 'GET',
      url,
      headers: { ...headers, ...(body && { 'content-type': body.type }) },
      ...(body && { payload: body.bytes }),
    }));
}

const segments = fc.oneof(
  fc.constantFrom('..', '.', '%2e%2e', '%00', '%2f', '%', '%ff', 'é', ' ', '*', 'x'.repeat(300), '-', 'null'),
  fc.webSegment(),
);

function addresses(document: OpenApiDocument, { path, parameters }: DocumentedOperation, known: KnownValues) {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? '');
  const values = names.map((name) => {
    const schema = parameters.find((parameter) => parameter.name === name)?.schema ?? {};
    const real = known[name] ?? [];
    return fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...(real.length > 0 ? real : ['x'])) },
      {
        weight: 1,
        arbitrary: valuesOf(document, schema).map((value) => encodeURIComponent(String(value).toWellFormed())),
      },
      { weight: 1, arbitrary: segments },
    );
  });
  return fc.tuple(fc.tuple(...values), queries(document, parameters)).map(([chosen, query]) => {
    const filled = names.reduce((url, name, index) => url.replace(`{${name}}`, () => chosen[index] ?? ''), path);
    return query === '' ? filled : `${filled}?${query}`;
  });
}

/** Known and unknown names, fitting and other values, and now and then the same name twice. */
function queries(document: OpenApiDocument, parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const name = fc.constantFrom(
    ...inQuery.map((parameter) => parameter.name),
    'surplus',
    'limit',
    'cursor',
    '__proto__',
  );
  const other = fc.oneof(
    fc.constantFrom('', '0', '201', '-1', '1e3', '0x10', '%00', '%ff', '%', '+', '2026-01-01T00:00:00Z', '[]', 'NaN'),
    fc.webQueryParameters(),
  );
  const wrong = fc.tuple(name, other).map(([key, value]) => `${key}=${value}`);
  const right = inQuery.map(({ name: key, schema }) =>
    valuesOf(document, schema).map((value) => `${key}=${encodeURIComponent(String(value).toWellFormed())}`),
  );
  const part =
    right.length === 0
      ? wrong
      : fc.oneof({ weight: 2, arbitrary: fc.oneof(...right) }, { weight: 1, arbitrary: wrong });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('&')) },
  );
}

/** A header's value as a client can send it: Node refuses others before they leave. */
const headerTexts = fc.string({ unit: fc.constantFrom(...'abcXYZ019 "*,;=/\\\t()<>@%_-.~é'), maxLength: 30 });

function headersOf(
  document: OpenApiDocument,
  { parameters }: DocumentedOperation,
): fc.Arbitrary<Record<string, string>> {
  const documented = parameters
    .filter((parameter) => parameter.in === 'header')
    .map(({ name, schema }) => {
      const right = valuesOf(document, schema).map((value) => String(value).replace(/[^\t -~]/g, ''));
      return fc.tuple(
        fc.constant(name),
        fc.oneof({ weight: 2, arbitrary: right }, { weight: 1, arbitrary: headerTexts }),
      );
    });
  const surplus = fc.tuple(
    fc.constantFrom(
      'accept',
      'origin',
      'x-request-id',
      'x-http-method-override',
      'if-modified-since',
      'range',
      'expect-ct',
    ),
    headerTexts,
  );
  return fc.array(fc.oneof(...documented, surplus), { maxLength: 2 }).map((entries) => Object.fromEntries(entries));
}

interface Body {
  readonly type: string;
  readonly bytes: Buffer;
}

const brokenJson = [
  '',
  '{',
  '[1,',
  '{"a":1}}',
  '\u0000',
  '"\\ud800"',
  '{"__proto__":{}}',
  '['.repeat(100),
  'NaN',
  '1e999',
  '{"a":1,"a":2}',
];

function bodiesOf(
  document: OpenApiDocument,
  { operation, method }: DocumentedOperation,
): fc.Arbitrary<Body | undefined> {
  const none = fc.constant(undefined);
  if (method === 'get') return none;
  const content = Object.entries(operation.requestBody?.content ?? {});
  const type = fc.constantFrom(
    ...content.map(([name]) => name),
    'application/json',
    'application/json; charset=latin1',
    'text/plain',
    'multipart/form-data',
    'application/octet-stream',
    'application/merge-patch+json',
  );
  const broken = fc.oneof(
    fc.constantFrom(...brokenJson).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  const right = content.map(([name, { schema }]) =>
    bodyOf(name, name.endsWith('json') ? valuesOf(document, schema) : undefined),
  );
  const wrong = content
    .filter(([name]) => name.endsWith('json'))
    .map(([name, { schema }]) => bodyOf(name, spoiled(valuesOf(document, schema))));
  const odd = fc.record({ type, bytes: broken });
  return right.length === 0
    ? fc.oneof({ weight: 4, arbitrary: none }, { weight: 1, arbitrary: odd })
    : fc.oneof(
        { weight: 3, arbitrary: fc.oneof(...right) },
        { weight: 4, arbitrary: fc.oneof(...right, ...wrong) },
        { weight: 2, arbitrary: odd },
        { weight: 1, arbitrary: none },
      );
}

/** JSON cannot say some values; what it makes of them is sent. */
function bodyOf(type: string, values: fc.Arbitrary<unknown> | undefined): fc.Arbitrary<Body> {
  if (values === undefined)
    return fc.uint8Array({ maxLength: 100 }).map((bytes) => ({ type, bytes: Buffer.from(bytes) }));
  return fc
    .oneof({ weight: 9, arbitrary: values }, { weight: 1, arbitrary: nastyValues })
    .map((value) => ({ type, bytes: Buffer.from(JSON.stringify(value) ?? 'null') }));
}
