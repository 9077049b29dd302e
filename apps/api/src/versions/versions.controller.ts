import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  executionSchema,
  type Id,
  idSchema,
  nameSchema,
  type PageQuery,
  type PutSettingsSchemaBody,
  putSettingsSchemaBodySchema,
  type TestBody,
  testBodySchema,
  versionPageSchema,
  versionSchema,
  versionsQuerySchema,
} from '@tenon/contracts';
import type { Storage } from '@tenon/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems, ApiRequestContent } from '../openapi/answers.decorators.js';
import { STORAGE } from '../platform/tokens.js';
import { BuildProgressService } from './build-progress.service.js';
import { storeUpload } from './module-upload.js';
import { TestRunsService } from './test-runs.service.js';
import { VersionsService } from './versions.service.js';

@ApiTags('versions')
@Controller('v1/functions/:name/versions')
export class VersionsController {
  constructor(
    private readonly versions: VersionsService,
    private readonly testRuns: TestRunsService,
    private readonly builds: BuildProgressService,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('functions:write', { upload: true })
  @ApiProblems('plan_limit_reached')
  @ApiRequestContent({ 'application/wasm': 'bytes', 'application/octet-stream': 'bytes' })
  @ApiOperation({ summary: 'Upload a version', description: 'The build goes on after the answer: ask for its status.' })
  @ApiAnswer(202, 'The upload is stored and its build is asked for.', versionSchema)
  async upload(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.versions.assertFunction(caller, name);
    return this.versions.create(caller, name, await storeUpload(this.storage, request, reply));
  }

  @Get()
  @Allow('functions:read')
  @ApiOperation({ summary: 'List versions, newest first' })
  @ApiAnswer(200, 'A page of versions.', versionPageSchema)
  list(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: versionsQuerySchema }) query: PageQuery,
  ) {
    return this.versions.list(caller, name, query);
  }

  @Get(':version')
  @Allow('functions:read')
  @ApiOperation({ summary: 'Show a version: how its build went, and the report' })
  @ApiAnswer(200, 'The version.', versionSchema)
  get(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: idSchema('version') }) id: Id<'version'>,
  ) {
    return this.versions.get(caller, name, id);
  }

  @Post(':version/test')
  @HttpCode(200)
  @Allow('functions:write', { repeatable: true })
  @ApiProblems('version_not_ready')
  @ApiOperation({ summary: 'Run a version on an input', description: 'Recorded as a test; nothing goes live.' })
  @ApiAnswer(200, 'The execution, whatever its outcome.', executionSchema)
  test(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: idSchema('version') }) id: Id<'version'>,
    @Body({ schema: testBodySchema }) body: TestBody,
  ) {
    return this.testRuns.run(caller, name, id, body);
  }

  @Put(':version/settings-schema')
  @Allow('functions:write')
  @ApiProblems('invalid_schema', 'version_not_ready', 'settings_schema_fixed')
  @ApiOperation({
    summary: 'Say what the settings of a version have to fit',
    description: 'For a version whose module carries no schema, before it is live for the first time.',
  })
  @ApiAnswer(200, 'The version.', versionSchema)
  putSettingsSchema(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: idSchema('version') }) id: Id<'version'>,
    @Body({ schema: putSettingsSchemaBodySchema }) body: PutSettingsSchemaBody,
  ) {
    return this.versions.putSettingsSchema(caller, name, id, body);
  }

  @Delete(':version')
  @HttpCode(204)
  @Allow('functions:write')
  @ApiProblems('function_live')
  @ApiOperation({
    summary: 'Delete a version',
    description: 'Not the one that is live. Its executions stay; its module goes when nothing else needs it.',
  })
  @ApiNoContentResponse({ description: 'It is gone.' })
  delete(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: idSchema('version') }) id: Id<'version'>,
  ): Promise<void> {
    return this.versions.delete(caller, name, id);
  }

  @Get(':version/progress')
  @Allow('functions:read')
  @ApiProblems('rate_limited')
  @ApiOperation({
    summary: 'Watch the build of a version',
    description:
      'Server-sent events: `progress` with each change and `end` with the last one, both with a BuildProgress as data.',
  })
  @ApiResponse({
    status: 200,
    description: 'The stream. It ends with the build, or after ten minutes.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  async progress(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('version', { schema: idSchema('version') }) id: Id<'version'>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const events = await this.builds.watch(caller, name, id);
    reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store').send(events);
  }
}
