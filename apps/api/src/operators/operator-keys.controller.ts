import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  apiKeyPageSchema,
  type CreateOperatorKeyBody,
  createdKeySchema,
  createOperatorKeyBodySchema,
  type Id,
  idSchema,
  keysQuerySchema,
  type PageQuery,
  type RotateKeyBody,
  rotateKeyBodySchema,
} from '@tenon/contracts';
import { OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { ApiAnswer, ApiProblems } from '../openapi/answers.decorators.js';
import { OperatorKeysService } from './operator-keys.service.js';

const keyIdSchema = idSchema('key');

@ApiTags('operators')
@Controller('v1/operator-keys')
export class OperatorKeysController {
  constructor(private readonly keys: OperatorKeysService) {}

  @Post()
  @OperatorOnly()
  @ApiOperation({ summary: 'Create an operator key', description: 'The key itself is in this answer only.' })
  @ApiAnswer(201, 'The new key.', createdKeySchema)
  create(@CurrentCaller() caller: Caller, @Body({ schema: createOperatorKeyBodySchema }) body: CreateOperatorKeyBody) {
    return this.keys.create(caller, body);
  }

  @Get()
  @OperatorOnly()
  @ApiOperation({ summary: 'List operator keys, newest first' })
  @ApiAnswer(200, 'A page of keys.', apiKeyPageSchema)
  list(@Query({ schema: keysQuerySchema }) query: PageQuery) {
    return this.keys.list(query);
  }

  @Post(':key/rotate')
  @OperatorOnly()
  @ApiProblems('not_found', 'key_ended')
  @ApiOperation({
    summary: 'Make a new operator key in the place of one',
    description: 'The old key goes on working for the overlap. The new one is in this answer only.',
  })
  @ApiAnswer(201, 'The new key.', createdKeySchema)
  rotate(
    @CurrentCaller() caller: Caller,
    @Param('key', { schema: keyIdSchema }) id: Id<'key'>,
    @Body({ schema: rotateKeyBodySchema }) body: RotateKeyBody,
  ) {
    return this.keys.rotate(caller, id, body);
  }

  @Delete(':key')
  @HttpCode(204)
  @OperatorOnly()
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'Revoke an operator key', description: 'It opens nothing any more within a second.' })
  @ApiNoContentResponse({ description: 'The key is revoked.' })
  revoke(@CurrentCaller() caller: Caller, @Param('key', { schema: keyIdSchema }) id: Id<'key'>) {
    return this.keys.revoke(caller, id);
  }
}
