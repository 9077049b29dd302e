import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  extensionPointPageSchema,
  extensionPointSchema,
  extensionPointsQuerySchema,
  extensionPointVersionPageSchema,
  extensionPointVersionsQuerySchema,
  nameSchema,
  type PageQuery,
  type PutExtensionPointBody,
  putExtensionPointBodySchema,
} from '@tenon/contracts';
import { AllowAnyTenant, OperatorOnly } from '../http/access.decorators.js';
import { type Caller, CurrentCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { ExtensionPointsService } from './extension-points.service.js';

@ApiTags('extension points')
@Controller('v1/extension-points')
export class ExtensionPointsController {
  constructor(private readonly points: ExtensionPointsService) {}

  @Put(':name')
  @OperatorOnly()
  @ApiConditional()
  @ApiProblems('invalid_schema', 'incompatible_change')
  @ApiOperation({
    summary: 'Create an extension point, or replace its terms',
    description:
      'A change of schemas that live functions may not stand is refused and names them, unless `force` gives a reason.',
  })
  @ApiAnswer(200, 'The extension point as it is now.', extensionPointSchema)
  put(
    @CurrentCaller() caller: Caller,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: putExtensionPointBodySchema }) body: PutExtensionPointBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.points.put(caller, name, body, conditions);
  }

  @Get()
  @AllowAnyTenant('functions:read')
  @ApiOperation({ summary: 'List extension points, by name' })
  @ApiAnswer(200, 'A page of extension points.', extensionPointPageSchema)
  list(@Query({ schema: extensionPointsQuerySchema }) query: PageQuery) {
    return this.points.list(query);
  }

  @Get(':name')
  @AllowAnyTenant('functions:read')
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'Show an extension point' })
  @ApiAnswer(200, 'The extension point.', extensionPointSchema)
  get(@Param('name', { schema: nameSchema }) name: string) {
    return this.points.get(name);
  }

  @Get(':name/versions')
  @AllowAnyTenant('functions:read')
  @ApiProblems('not_found')
  @ApiOperation({ summary: 'List every state that an extension point had, newest first' })
  @ApiAnswer(200, 'A page of versions.', extensionPointVersionPageSchema)
  versions(
    @CurrentCaller() caller: Caller,
    @Param('name', { schema: nameSchema }) name: string,
    @Query({ schema: extensionPointVersionsQuerySchema }) query: PageQuery,
  ) {
    return this.points.versions(caller, name, query);
  }
}
