import { z } from 'zod';
import { buildRejectionSchema, buildReportSchema } from '../build-report.js';
import { idSchema, sha256Schema } from '../ids.js';
import { jsonObjectSchema, jsonValueSchema } from '../json.js';
import { settingsSchema } from '../settings.js';
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
    /** The JSON Schema that settings have to fit while the version is live; null: any object does. */
    settingsSchema: jsonObjectSchema.nullable(),
    /** Whether the module carries that schema, or it was uploaded beside it. */
    settingsSchemaOrigin: z.enum(['module', 'upload']).nullable(),
    createdAt: timeSchema,
    /** When the build ended, whichever way. */
    builtAt: timeSchema.nullable(),
  })
  .meta({ id: 'Version' });
export type VersionAnswer = z.output<typeof versionSchema>;

/** Newest first. */
export const versionPageSchema = pageOf(versionSchema, 'VersionPage');

/** Which version is to be live. */
export const activateBodySchema = z
  .strictObject({
    version: idSchema('version'),
    /** New settings that take effect together with the version; left out, the function keeps those that it has. */
    settings: settingsSchema.optional(),
  })
  .meta({ id: 'Activate' });
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

/** A JSON Schema (draft 2020-12) of settings, for a version that carries none. */
export const putSettingsSchemaBodySchema = z.strictObject({ schema: jsonObjectSchema }).meta({
  id: 'PutSettingsSchema',
  example: { schema: { type: 'object', properties: { percent: { type: 'number' } } } },
});
export type PutSettingsSchemaBody = z.output<typeof putSettingsSchemaBodySchema>;

/** Newest first: what was live since when. */
export const deploymentPageSchema = pageOf(deploymentSchema, 'DeploymentPage');
/** Which part of the list. */
export const deploymentsQuerySchema = pageQueryOf(idSchema('deployment'));

/** How far a build is: the data of the `progress` events of a stream, and of its last event, `end`. */
export const buildProgressSchema = z
  .object({
    version: idSchema('version'),
    status: versionStatusSchema,
    /** `queued` until a worker takes the build; `building` while one does; `ended` with any other status. */
    stage: z.enum(['queued', 'building', 'ended']),
    /** Builds that were begun; more than one where a build failed on Tenon's side. */
    attempts: z.int(),
    /** Since the upload. */
    elapsedMs: z.int(),
  })
  .meta({ id: 'BuildProgress' });
export type BuildProgress = z.output<typeof buildProgressSchema>;
