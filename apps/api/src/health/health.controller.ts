import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { healthSchema, readinessSchema } from '@tenon/contracts';
import type { FastifyReply } from 'fastify';
import { Public } from '../http/access.decorators.js';
import { ApiAnswer } from '../openapi/answers.decorators.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('healthz')
  @Public()
  @ApiOperation({ summary: 'The process answers' })
  @ApiAnswer(200, 'It does.', healthSchema)
  live() {
    return { status: 'ok' as const };
  }

  @Get('readyz')
  @Public()
  @ApiOperation({
    summary: 'Everything that the api needs answers',
    description: 'With status 503 something does not.',
  })
  @ApiAnswer(200, 'Ready.', readinessSchema)
  @ApiAnswer(503, 'Not ready; the checks say why.', readinessSchema)
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const readiness = await this.health.readiness();
    if (readiness.status !== 'ready') reply.code(503);
    return readiness;
  }
}
