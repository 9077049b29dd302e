import { createHash, randomUUID } from 'node:crypto';

/** An object, or a part of one that is being put together. */
export interface Stored {
  body: Buffer;
  readonly modified: Date;
}

interface Upload {
  readonly key: string;
  readonly initiated: Date;
  readonly parts: Map<number, Buffer>;
}

/** S3's smallest part, but for the last one. */
const partBytesMin = 5 * 1024 * 1024;

/** An error as S3 names it. */
export class S3Fault extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
  ) {
    super(code);
  }
}

/** What a bucket holds, finished or not. */
export class BucketState {
  readonly objects = new Map<string, Stored>();
  readonly uploads = new Map<string, Upload>();

  put(key: string, body: Buffer): void {
    this.objects.set(key, { body, modified: new Date() });
  }

  get(key: string): Stored {
    const found = this.objects.get(key);
    if (found === undefined) throw new S3Fault('NoSuchKey', 404);
    return found;
  }

  begin(key: string): string {
    const id = randomUUID();
    this.uploads.set(id, { key, initiated: new Date(), parts: new Map() });
    return id;
  }

  part(id: string, number: number, body: Buffer): void {
    this.#upload(id).parts.set(number, body);
  }

  complete(id: string, numbers: readonly number[]): void {
    const { key, parts } = this.#upload(id);
    const bodies = numbers.map((number) => {
      const part = parts.get(number);
      if (part === undefined) throw new S3Fault('InvalidPart', 400);
      return part;
    });
    if (bodies.slice(0, -1).some((part) => part.length < partBytesMin)) throw new S3Fault('EntityTooSmall', 400);
    this.uploads.delete(id);
    this.put(key, Buffer.concat(bodies));
  }

  abort(id: string): void {
    this.#upload(id);
    this.uploads.delete(id);
  }

  #upload(id: string): Upload {
    const upload = this.uploads.get(id);
    if (upload === undefined) throw new S3Fault('NoSuchUpload', 404);
    return upload;
  }
}

/** An entity tag as S3 gives it: the MD5 of the content in quotes. */
export function tagOf(body: Uint8Array): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}
