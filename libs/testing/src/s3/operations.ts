import { createHash } from 'node:crypto';
import { type BucketState, S3Fault, tagOf } from './bucket-state.js';

/** A request to a bucket, taken apart. */
export interface S3Call {
  readonly method: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface S3Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const listMax = 1_000;
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const tag = (name: string, ...content: readonly (string | number)[]) =>
  `<${name}>${content.map(String).join('')}</${name}>`;
const text = (name: string, value: string) =>
  tag(
    name,
    value.replace(/[&<>]/g, (sign) => escapes[sign] ?? sign),
  );

/** The part of S3 that a content-addressed store needs. @throws S3Fault */
export function answerTo(bucket: BucketState, call: S3Call): S3Answer {
  const { method, key, query } = call;
  checkChecksum(call);
  if (key === '') return query.has('uploads') ? listUploads(bucket, query) : listObjects(bucket, query);
  if (method === 'GET' || method === 'HEAD') return read(bucket, key);
  const upload = query.get('uploadId');
  if (method === 'POST' && query.has('uploads'))
    return { body: xml('InitiateMultipartUploadResult', text('UploadId', bucket.begin(key))) };
  if (method === 'POST' && upload !== null) return complete(bucket, upload, call);
  if (method === 'PUT') return upload === null ? write(bucket, call) : writePart(bucket, upload, call);
  if (method === 'DELETE' && upload !== null) bucket.abort(upload);
  else if (method === 'DELETE') bucket.objects.delete(key);
  else throw new S3Fault('MethodNotAllowed', 405);
  return { status: 204 };
}

export function faultBody({ code }: S3Fault): string {
  return xml('Error', text('Code', code), text('Message', code));
}

function xml(name: string, ...content: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${tag(name, ...content)}`;
}

function checkChecksum({ headers, body }: S3Call): void {
  const wanted = headers['x-amz-checksum-sha256'];
  if (wanted === undefined) return;
  if (createHash('sha256').update(body).digest('base64') !== wanted) throw new S3Fault('BadDigest', 400);
}

function read(bucket: BucketState, key: string): S3Answer {
  const { body, modified } = bucket.get(key);
  return { headers: { etag: tagOf(body), 'last-modified': modified.toUTCString() }, body };
}

function write(bucket: BucketState, { key, headers, body }: S3Call): S3Answer {
  const source = headers['x-amz-copy-source'];
  if (typeof source !== 'string') {
    bucket.put(key, body);
    return { headers: { etag: tagOf(body) } };
  }
  const [, ...from] = decodeURIComponent(source).replace(/^\//, '').split('/');
  const copied = bucket.get(from.join('/')).body;
  bucket.put(key, copied);
  return { body: xml('CopyObjectResult', text('ETag', tagOf(copied))) };
}

function writePart(bucket: BucketState, upload: string, { query, body }: S3Call): S3Answer {
  bucket.part(upload, Number(query.get('partNumber')), body);
  return { headers: { etag: tagOf(body) } };
}

function complete(bucket: BucketState, upload: string, { key, body }: S3Call): S3Answer {
  const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) => Number(number));
  bucket.complete(upload, numbers);
  return { body: xml('CompleteMultipartUploadResult', text('Key', key)) };
}

function listObjects(bucket: BucketState, query: URLSearchParams): S3Answer {
  const after = query.get('continuation-token') ?? '';
  const max = Math.min(Number(query.get('max-keys') ?? listMax), listMax);
  const names = [...bucket.objects.keys()]
    .filter((name) => name.startsWith(query.get('prefix') ?? '') && name > after)
    .sort();
  const page = names.slice(0, max).map((name) => {
    const { body, modified } = bucket.get(name);
    return tag('Contents', text('Key', name), tag('Size', body.length), text('LastModified', modified.toISOString()));
  });
  const more = names.length > max;
  const next = more ? text('NextContinuationToken', names[max - 1] ?? '') : '';
  return { body: xml('ListBucketResult', ...page, tag('IsTruncated', String(more)), next) };
}

function listUploads(bucket: BucketState, query: URLSearchParams): S3Answer {
  const page = [...bucket.uploads]
    .filter(([, { key }]) => key.startsWith(query.get('prefix') ?? ''))
    .map(([id, { key, initiated }]) =>
      tag('Upload', text('Key', key), text('UploadId', id), text('Initiated', initiated.toISOString())),
    );
  return { body: xml('ListMultipartUploadsResult', ...page) };
}
