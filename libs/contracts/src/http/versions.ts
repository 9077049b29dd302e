import { z } from 'zod';
import { buildRejectionSchema, buildReportSchema } from '../build-report.js';
import { idSchema, sha256Schema } from '../ids.js';
import { jsonValueSchema } from '../json.js';
import { timeSchema } from '../time.js';
import { pageOf, pageQueryOf } from './page.js';

/** `failed` means that Tenon failed, not the module: the same bytes may be uploaded again. */
export const versionStatusSchema = z.enum(['building', 'ready', 'rejected', 'failed']);
export type VersionStatus = z.infer<typeof versionStatusSchema>;

/** One immutable upload, and how its build went. */
export const versionSchema = z
  .object({
    id: idSchema('version'),
    function: z.string(),
    status: versionStatusSchema,
    /** Content address of the uploaded module. */
    sha256: sha256Schema,
    bytes: z.int(),
    /** With `ready`: what the module contains and what metering made of it. */
    report: buildReportSchema.nullable(),
    /** With `rejected`: why, and where in the file. */
    rejection: buildRejectionSchema.nullable(),
    createdAt: timeSchema,
    /** When the build ended, whichever way. */
    builtAt: timeSchema.nullable(),
  })
  .meta({ id: 'Version' });
export type VersionAnswer = z.output<typeof versionSchema>;

/** Newest first. */
export const versionPageSchema = pageOf(versionSchema, 'VersionPage');

/** Which version is to be live. */
export const activateBodySchema = z.strictObject({ version: idSchema('version') }).meta({ id: 'Activate' });
export type ActivateBody = z.output<typeof activateBodySchema>;

/** Which version is live since when, and by whose key. */
export const deploymentSchema = z
  .object({
    id: idSchema('deployment'),
    function: z.string(),
    version: idSchema('version'),
    /** What it runs with; null for no settings. */
    settings: idSchema('settings').nullable(),
    reason: z.enum(['activate', 'rollback', 'settings']),
    by: z.string(),
    since: timeSchema,
  })
  .meta({ id: 'Deployment' });
export type DeploymentAnswer = z.output<typeof deploymentSchema>;

/** Any JSON; that it fits the extension point is for the run to say. */
export const testBodySchema = z
  .strictObject({ input: jsonValueSchema })
  .meta({ id: 'TestRun', example: { input: { currency: 'EUR', lines: [] } } });
export type TestBody = z.output<typeof testBodySchema>;
/** Which part of the list. */
export const versionsQuerySchema = pageQueryOf(idSchema('version'));
