import { Inject, Injectable } from '@nestjs/common';
import { type ExtensionPointAnswer, type PageQuery, ProblemError, type PutExtensionPointBody } from '@tenon/contracts';
import type { Database, ExtensionPoint } from '@tenon/database';
import { auditOf } from '../auth/audit-draft.js';
import { mapPage } from '../http/answer-parts.js';
import type { Caller } from '../http/caller.js';
import { DATABASE } from '../platform/tokens.js';
import { compileDataSchema } from '../schemas/json-schema.js';

@Injectable()
export class ExtensionPointsService {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Both schemas are compiled before anything is kept: a point that nothing could pass would stop every event. */
  put(caller: Caller, name: string, body: PutExtensionPointBody): Promise<ExtensionPointAnswer> {
    compileDataSchema(body.inputSchema, '/body/inputSchema');
    compileDataSchema(body.outputSchema, '/body/outputSchema');
    const terms = { ...body, eventTypes: [...new Set(body.eventTypes)] };
    return this.database.asOperator(async (tx) => {
      const point = await tx.extensionPoints.put(name, terms);
      const { version, mode, failurePolicy, eventTypes } = point;
      const details = { version, mode, failurePolicy, eventTypes: [...eventTypes], limits: { ...point.limits } };
      await tx.audit.append(auditOf(caller, 'extension_point.put', name, details));
      return toAnswer(point);
    });
  }

  async get(name: string): Promise<ExtensionPointAnswer> {
    const point = await this.database.asOperator((tx) => tx.extensionPoints.find(name));
    if (point === null) throw new ProblemError('not_found', 'There is no such extension point.');
    return toAnswer(point);
  }

  async list(query: PageQuery) {
    return mapPage(await this.database.asOperator((tx) => tx.extensionPoints.list(query)), toAnswer);
  }
}

type JsonSchema = ExtensionPointAnswer['inputSchema'];

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
