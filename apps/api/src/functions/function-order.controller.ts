import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  functionOrderSchema,
  nameSchema,
  type PutFunctionOrderBody,
  putFunctionOrderBodySchema,
} from '@tenon/contracts';
import { Allow } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { CurrentPreconditions, type Preconditions } from '../http/preconditions.js';
import { ApiAnswer, ApiConditional } from '../openapi/answers.decorators.js';
import { FunctionOrderService } from './function-order.service.js';

@ApiTags('functions')
@Controller('v1/extension-points/:name/functions')
export class FunctionOrderController {
  constructor(private readonly order: FunctionOrderService) {}

  @Get()
  @Allow('functions:read')
  @ApiOperation({ summary: "Show the tenant's functions on an extension point, in the order in which they run" })
  @ApiAnswer(200, 'The functions.', functionOrderSchema)
  get(@CurrentTenant() caller: TenantCaller, @Param('name', { schema: nameSchema }) name: string) {
    return this.order.get(caller, name);
  }

  @Put()
  @Allow('functions:write')
  @ApiConditional()
  @ApiOperation({
    summary: "Put the tenant's functions on an extension point in order",
    description: 'The list names all of them. A function that is created later comes last.',
  })
  @ApiAnswer(200, 'The functions in their new order.', functionOrderSchema)
  put(
    @CurrentTenant() caller: TenantCaller,
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: putFunctionOrderBodySchema }) body: PutFunctionOrderBody,
    @CurrentPreconditions() conditions: Preconditions,
  ) {
    return this.order.put(caller, name, body, conditions);
  }
}
