import { z } from 'zod';

/** How a guest is called: decided by its imports and exports, never by a setting. */
export const abiSchema = z.enum(['wasi-command', 'component', 'extism']);
export type Abi = z.infer<typeof abiSchema>;

const sized = z.object({ name: z.string(), bytes: z.int() });

/** What an upload contains and what metering made of it; shown to whoever uploaded it. */
export const buildReportSchema = z
  .object({
    abi: abiSchema,
    /** Why this ABI: the imports and exports that decided. */
    abiReason: z.string(),
    moduleBytes: z.int(),
    artifactBytes: z.int(),
    /** Bytes that metering added to the code, over all core modules. */
    meteringBytesAdded: z.int(),
    coreModules: z.int(),
    functions: z.int(),
    sections: z.array(sized),
    /** The ten largest functions by body size. */
    biggestFunctions: z.array(z.object({ index: z.int(), name: z.string().optional(), bytes: z.int() })),
    imports: z.array(z.object({ module: z.string(), name: z.string(), kind: z.string() })),
    exports: z.array(z.object({ name: z.string(), kind: z.string() })),
    language: z.string().optional(),
    toolchain: z.array(z.string()),
    features: z.array(z.string()),
    memoryBytesInitial: z.int(),
    memoryBytesMax: z.int().optional(),
    warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  })
  .meta({ id: 'BuildReport' });

export type BuildReport = z.infer<typeof buildReportSchema>;

/** Why an upload was refused, with the place in the file where it is wrong. */
export const buildRejectionSchema = z
  .object({
    code: z.string(),
    message: z.string(),
    offset: z.int().optional(),
    section: z.string().optional(),
    functionIndex: z.int().optional(),
    functionName: z.string().optional(),
    found: z.string().optional(),
    allowed: z.string().optional(),
  })
  .meta({ id: 'BuildRejection' });

export type BuildRejection = z.infer<typeof buildRejectionSchema>;

export type BuildResult =
  | { readonly status: 'ready'; readonly artifact: Uint8Array; readonly report: BuildReport }
  | { readonly status: 'rejected'; readonly rejection: BuildRejection }
  /** The build itself failed (a sandbox died, a time limit of ours): not the module's fault, may be tried again. */
  | { readonly status: 'failed'; readonly message: string };
