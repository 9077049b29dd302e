import { z } from 'zod';

/**
 * Raised by whatever changes what an artifact means or how its code is metered: it is part of every artifact's key, so
 * an old artifact is never run by a newer engine, and is built again instead.
 */
export const engineVersion = 7;

/** The layout below. */
export const artifactFormatVersion = 1;

/** "TENO" in ASCII, read as a little-endian integer. */
export const artifactMagic = 0x4f4e4554;

/**
 * An artifact is one blob, all integers little-endian:
 * `magic u32 | format version u32 | engine version u32 | manifest bytes u32 | manifest SHA-256 (32 bytes) | manifest
 * (JSON) | parts`. The manifest says where each part lies and what its hash is, so that opening one slices and compares
 * and parses nothing that a guest's author wrote.
 */
export const headerBytes = 48;

/** The most an artifact may be: a component at its upload limit grows by metering, not eightfold. */
export const artifactBytesMax = 128_000_000;
export const manifestBytesMax = 4_000_000;
export const partsMax = 256;

const pagesSchema = z.int().min(0).max(65_536);

const partSchema = z.object({
  /** `core` is a rewritten module, `glue` a component's JavaScript, `debug` what turns a stack into names. */
  kind: z.enum(['core', 'glue', 'debug']),
  name: z.string(),
  /** From the start of the artifact. */
  offset: z.int().min(headerBytes).max(artifactBytesMax),
  bytes: z.int().min(0).max(artifactBytesMax),
  sha256: z.string().length(64),
  /** For `core`: bytes of the memories and tables that an instance of the module starts with. */
  memoryBytesInitial: z.int().min(0).optional(),
  /** For `core`: the size of the memory that the module imports from its host, in pages of 64 KiB. */
  memory: z.object({ pagesMin: pagesSchema, pagesMax: pagesSchema.optional() }).optional(),
});

export const manifestSchema = z.object({
  abi: z.enum(['wasi-command', 'component', 'extism']),
  /** The export that a run calls. */
  entry: z.string(),
  /** SHA-256 of the upload, in hexadecimal. */
  moduleSha256: z.string().length(64),
  parts: z.array(partSchema).max(partsMax),
  /** What the ABI's adapter needs to know at run time; only components use it. */
  details: z.record(z.string(), z.unknown()).optional(),
});

export type ArtifactManifest = z.infer<typeof manifestSchema>;
export type ArtifactPart = z.infer<typeof partSchema>;
