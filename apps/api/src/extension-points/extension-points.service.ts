import { Inject, Injectable } from '@nestjs/common';
import {
  type ExtensionPointAnswer,
  type ExtensionPointVersionAnswer,
  type PageQuery,
  ProblemError,
  type PutExtensionPointBody,
} from '@tenon/contracts';
import type { Database, ExtensionPoint, ExtensionPointTerms, ExtensionPointVersion } from '@tenon/database';
import { compileDataSchema } from '@tenon/schemas';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { checkPreconditions, type Preconditions } from '../http/preconditions.js';
import { DATABASE } from '../platform/tokens.js';
import { assertNobodyBreaks } from './contract-change.js';
import { sameTerms, termsOf } from './point-terms.js';

@Injectable()
export class ExtensionPointsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /**
   * Both schemas are compiled before anything is kept: a point that nothing could pass would stop every event. Terms
   * that are there already are no change and make no version.
   *
   * @throws ProblemError `invalid_schema`, `precondition_failed`, or `incompatible_change` with the functions it meets
   */
  put(
    caller: Caller,
    name: string,
    body: PutExtensionPointBody,
    conditions: Preconditions,
  ): Promise<ExtensionPointAnswer> {
    compileDataSchema(body.inputSchema, '/body/inputSchema');
    compileDataSchema(body.outputSchema, '/body/outputSchema');
    const { force, ...given } = body;
    const terms = { ...given, eventTypes: [...new Set(body.eventTypes)] };
    return this.database.asOperator(async (tx) => {
      let before: ExtensionPoint | null = null;
      await checkPreconditions(tx, `extension-point:${name}`, conditions, async () => {
        before = await tx.extensionPoints.find(name);
        return before === null ? null : toAnswer(before);
      });
      return this.#change(tx, caller, { name, terms, force, before });
    });
  }

  async get(name: string): Promise<ExtensionPointAnswer> {
    const point = await this.database.asOperator((tx) => tx.extensionPoints.find(name));
    if (point === null) throw noSuchPoint();
    return toAnswer(point);
  }

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.extensionPoints.list(query)), toAnswer);
  }

  /** Who changed what and why is told to operators only. */
  async versions(caller: Caller, name: string, query: PageQuery) {
    const page = await this.database.asOperator(async (tx) => {
      if ((await tx.extensionPoints.find(name)) === null) throw noSuchPoint();
      return tx.extensionPoints.versions(name, query);
    });
    return mapPage(page, (version) => toVersionAnswer(version, caller.kind === 'operator'));
  }

  async #change(tx: OperatorTransaction, caller: Caller, { name, terms, force, before }: PointPut) {
    if (before !== null && sameTerms(before, terms)) return toAnswer(before);
    // Nothing goes live on the point until this is over, or the list of those that are would be out of date.
    await tx.extensionPoints.lock(name);
    if (before !== null && force === undefined) await assertNobodyBreaks(tx.extensionPoints, before, terms);
    const forcedReason = force?.reason;
    const point = await tx.extensionPoints.put(name, terms, { by: caller.actor, forcedReason });
    const details = {
      version: point.version,
      before: before === null ? null : termsOf(before),
      after: termsOf(point),
      ...(forcedReason === undefined ? {} : { forcedReason }),
    };
    await tx.audit.append(auditOf(caller, 'extension_point.put', name, details));
    return toAnswer(point);
  }
}

type OperatorTransaction = Parameters<Parameters<Database['asOperator']>[0]>[0];

interface PointPut {
  readonly name: string;
  readonly terms: ExtensionPointTerms;
  readonly force: PutExtensionPointBody['force'];
  readonly before: ExtensionPoint | null;
}

type JsonSchema = ExtensionPointAnswer['inputSchema'];

function noSuchPoint(): ProblemError {
  return new ProblemError('not_found', 'There is no such extension point.');
}

function toAnswer(point: ExtensionPoint): ExtensionPointAnswer {
  return {
    ...point,
    inputSchema: point.inputSchema as JsonSchema,
    outputSchema: point.outputSchema as JsonSchema,
    eventTypes: [...point.eventTypes],
    createdAt: point.createdAt.toISOString(),
    updatedAt: point.updatedAt.toISOString(),
  };
}

function toVersionAnswer(found: ExtensionPointVersion, operator: boolean): ExtensionPointVersionAnswer {
  const { by, forcedReason, createdAt, ...terms } = found;
  return {
    ...terms,
    inputSchema: terms.inputSchema as JsonSchema,
    outputSchema: terms.outputSchema as JsonSchema,
    eventTypes: [...terms.eventTypes],
    createdAt: createdAt.toISOString(),
    ...(operator ? { by, ...(forcedReason === null ? {} : { forcedReason }) } : {}),
  };
}
