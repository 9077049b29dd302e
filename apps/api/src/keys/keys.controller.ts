import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  apiKeyPageSchema,
  type CreateKeyBody,
  createdKeySchema,
  createKeyBodySchema,
  type Id,
  idSchema,
  keysQuerySchema,
  type PageQuery,
  type RotateKeyBody,
  rotateKeyBodySchema,
} from '@tenon/contracts';
import { AllowForTenantInPath } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { KeysService } from './keys.service.js';
import { ApiTenantInPath } from './tenant-in-path.decorator.js';

@ApiTags('keys')
@Controller('v1/tenants/:tenant/keys')
export class KeysController {
  constructor(private readonly keys: KeysService) {}

  @Post()
  @AllowForTenantInPath('keys:write')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'Create a key', description: 'The key itself is in this answer only.' })
  @ApiAnswer(201, 'The new key.', createdKeySchema)
  create(@CurrentTenant() caller: TenantCaller, @Body({ schema: createKeyBodySchema }) body: CreateKeyBody) {
    return this.keys.create(caller, body);
  }

  @Get()
  @AllowForTenantInPath('keys:write')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'List keys, newest first' })
  @ApiAnswer(200, 'A page of keys.', apiKeyPageSchema)
  list(@CurrentTenant() caller: TenantCaller, @Query({ schema: keysQuerySchema }) query: PageQuery) {
    return this.keys.list(caller, query);
  }

  @Post(':key/rotate')
  @AllowForTenantInPath('keys:write')
  @ApiTenantInPath()
  @ApiProblems('key_ended')
  @ApiOperation({
    summary: 'Make a new key in the place of one',
    description: 'The old key goes on working for the overlap. The new one is in this answer only.',
  })
  @ApiAnswer(201, 'The new key.', createdKeySchema)
  rotate(
    @CurrentTenant() caller: TenantCaller,
    @Param('key', { schema: idSchema('key') }) id: Id<'key'>,
    @Body({ schema: rotateKeyBodySchema }) body: RotateKeyBody,
  ) {
    return this.keys.rotate(caller, id, body);
  }

  @Delete(':key')
  @HttpCode(204)
  @AllowForTenantInPath('keys:write')
  @ApiTenantInPath()
  @ApiOperation({ summary: 'Revoke a key', description: 'It opens nothing any more within a second.' })
  @ApiNoContentResponse({ description: 'The key is revoked.' })
  revoke(@CurrentTenant() caller: TenantCaller, @Param('key', { schema: idSchema('key') }) id: Id<'key'>) {
    return this.keys.revoke(caller, id);
  }
}
