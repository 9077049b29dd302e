import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { functionSettingsSchema, nameSchema, type PutSettingsBody, putSettingsBodySchema } from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional, ApiProblems } from '../openapi/answers.decorators.js';
import { SettingsService } from './settings.service.js';

@ApiTags('functions')
@Controller('v1/functions/:name/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @Allow('functions:read')
  @ApiOperation({ summary: "Show a function's settings, and the schema that they have to fit" })
  @ApiAnswer(200, 'The settings.', functionSettingsSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('name', { schema: nameSchema }) name: string) {
    return this.settings.get(caller, name);
  }

  @Put()
  @Allow('functions:write')
  @ApiConditional()
  @ApiProblems('invalid_settings')
  @ApiOperation({
    summary: "Replace a function's settings",
    description: 'What is live goes on with them from the next event on; a rollback brings the ones before back.',
  })
  @ApiAnswer(200, 'The settings as they are now.', functionSettingsSchema)
  put(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: putSettingsBodySchema }) body: PutSettingsBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.settings.put(caller, name, body, conditions);
  }
}
