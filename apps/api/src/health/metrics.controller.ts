import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Registry } from '@tenon/telemetry';
import { OperatorOnly } from '../http/access.decorators.js';
import { METRICS } from '../platform/tokens.js';

@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  constructor(@Inject(METRICS) private readonly registry: Registry) {}

  @Get()
  @OperatorOnly({ forScrapers: true })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiProduces('text/plain')
  @ApiOperation({
    summary: 'Metrics, as Prometheus reads them',
    description: 'With an operator key, or with the token of `TENON_METRICS_TOKEN`. No label names a tenant.',
  })
  @ApiResponse({
    status: 200,
    description: 'All metrics of this process.',
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  scrape(): Promise<string> {
    return this.registry.metrics();
  }
}
