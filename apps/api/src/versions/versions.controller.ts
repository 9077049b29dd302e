import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  executionSchema,
  type Id,
  idSchema,
  nameSchema,
  type PageQuery,
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
import { storeUpload } from './module-upload.js';
import { TestRunsService } from './test-runs.service.js';
import { VersionsService } from './versions.service.js';

@ApiTags('versions')
@Controller('v1/functions/:name/versions')
export class VersionsController {
  constructor(
    private readonly versions: VersionsService,
    private readonly testRuns: TestRunsService,
    @Inject(STORAGE) private readonly storage: Storage,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('functions:write')
  @ApiRequestContent({ 'application/wasm': 'bytes' })
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
}
