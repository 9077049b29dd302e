import { Controller, Get, HttpCode, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SignInRequest } from '../auth/session-opener.js';
import { Public } from '../http/access.decorators.js';
import { ApiProblems } from '../openapi/answers.decorators.js';
import { CurrentSignIn } from '../sessions/sign-in-request.decorator.js';
import { OidcService, type Redirect } from './oidc.service.js';

@ApiTags('sessions')
@Controller('v1/oidc')
export class OidcController {
  constructor(private readonly oidc: OidcService) {}

  @Get('sign-in')
  @HttpCode(302)
  @Public()
  @ApiProblems('not_found')
  @ApiOperation({
    summary: 'Begin to sign in at the OpenID provider',
    description: 'For browsers; follow the redirect.',
  })
  @ApiResponse({ status: 302, description: 'To the provider.' })
  async begin(@Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    redirect(reply, await this.oidc.begin());
  }

  @Get('callback')
  @HttpCode(302)
  @Public()
  @ApiProblems('not_found', 'sign_in_failed')
  @ApiOperation({ summary: 'Come back from the OpenID provider', description: 'Sets the cookie of the session.' })
  @ApiResponse({ status: 302, description: 'To the dashboard.' })
  async finish(
    @Req() request: FastifyRequest,
    @CurrentSignIn() signIn: SignInRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const query = request.url.split('?', 2)[1] ?? '';
    redirect(reply, await this.oidc.finish(query, request.headers.cookie, signIn));
  }
}

function redirect(reply: FastifyReply, { location, cookies }: Redirect): void {
  reply.header('location', location);
  for (const cookie of cookies) reply.header('set-cookie', cookie);
}
