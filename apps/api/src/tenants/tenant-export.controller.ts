import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type TenantExportQuery, tenantExportQuerySchema } from '@tenon/contracts';
import { AllowForTenantInPath } from '../http/access.decorators.js';
import { CurrentTenant, type TenantCaller } from '../http/caller.js';
import { ApiTenantInPath } from '../keys/tenant-in-path.decorator.js';
import { ApiProblems } from '../openapi/answers.decorators.js';
import { TenantExportService } from './tenant-export.service.js';

const exportType = 'application/x-ndjson';

@ApiTags('tenants')
@Controller('v1/tenants/:tenant/export')
export class TenantExportController {
  constructor(private readonly exports: TenantExportService) {}

  @Get()
  @AllowForTenantInPath('tenant:export')
  @ApiTenantInPath()
  @ApiProblems('rate_limited')
  @ApiOperation({
    summary: 'Export everything that a tenant has',
    description:
      'One JSON object per line: `{"type": <table>, "row": {…}}`, now and then `{"type": "cursor", "cursor": …}`, and at ' +
      'the end `{"type": "end", …}`. An export without its last line is cut off; ask again with the last cursor that ' +
      'arrived. Secrets are left out. Suspend the tenant first for a picture of one moment.',
  })
  @ApiProduces(exportType)
  @ApiResponse({
    status: 200,
    description: 'The export as JSON lines.',
    content: { [exportType]: { schema: { type: 'string' } } },
  })
  async export(
    @CurrentTenant() caller: TenantCaller,
    @Query({ schema: tenantExportQuerySchema }) { cursor }: TenantExportQuery,
  ): Promise<StreamableFile> {
    const lines = await this.exports.open(caller, cursor);
    return new StreamableFile(lines, {
      type: exportType,
      disposition: `attachment; filename="tenant-${caller.tenantId}.ndjson"`,
    });
  }
}
