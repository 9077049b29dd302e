import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { StoredObject } from './storage.js';

/** A bucket with everything that is needed to write to it. */
export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
}

/** Longer than any upload may take, so that what is still being written is never removed. */
const incomingAgeMaxMs = 60 * 60 * 1000;
/** Of uploads and of objects each; the next start takes the rest. */
const sweepMax = 1_000;

/** Puts the parts together under `key`, one at a time. What fails leaves nothing. */
export async function putInParts(
  { client, bucket }: Bucket,
  key: string,
  parts: AsyncIterable<Uint8Array>,
): Promise<StoredObject> {
  const place = { Bucket: bucket, Key: key };
  const created = await client.send(new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: 'SHA256' }));
  const upload = { ...place, UploadId: created.UploadId };
  const hash = createHash('sha256');
  const done: CompletedPart[] = [];
  let bytes = 0;
  try {
    for await (const Body of parts) {
      hash.update(Body);
      bytes += Body.byteLength;
      const PartNumber = done.length + 1;
      const ChecksumSHA256 = createHash('sha256').update(Body).digest('base64');
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumSHA256 }));
      done.push({ PartNumber, ETag, ChecksumSHA256 });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: done } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Copies an object to another key inside the store and removes the first one, also where the copy fails. */
export async function move({ client, bucket }: Bucket, from: string, to: string): Promise<void> {
  const source = encodeURIComponent(`${bucket}/${from}`);
  try {
    await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource: source }));
  } finally {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: from })).catch(() => undefined);
  }
}

/** Removes unfinished uploads and unmoved objects of writers that died. */
export async function removeAbandoned({ client, bucket, prefix }: Bucket): Promise<void> {
  const incoming = { Bucket: bucket, Prefix: `${prefix}incoming/` };
  const isOld = (time: Date | undefined) => time !== undefined && Date.now() - time.getTime() > incomingAgeMaxMs;
  const uploads = await client.send(new ListMultipartUploadsCommand({ ...incoming, MaxUploads: sweepMax }));
  for (const { Key, UploadId, Initiated } of uploads.Uploads ?? []) {
    if (isOld(Initiated)) await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
  const objects = await client.send(new ListObjectsV2Command({ ...incoming, MaxKeys: sweepMax }));
  for (const { Key, LastModified } of objects.Contents ?? []) {
    if (isOld(LastModified)) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  }
}
