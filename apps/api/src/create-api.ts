import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { NestLogger, type Registry } from '@tenon/telemetry';
import { appModule } from './app.module.js';
import { AccessService } from './auth/access.service.js';
import { type IdentityOptions, identitySettings } from './auth/identity-settings.js';
import { measureRequests } from './http/http-metrics.js';
import { heedIdempotencyKeys } from './http/idempotency/idempotency-hooks.js';
import { callBack } from './http/now-or-later.js';
import { ProblemFilter } from './http/problem.filter.js';
import { RequestValidationPipe } from './http/request-validation.pipe.js';
import { settingsOf } from './http/route-settings.js';
import { isScraper } from './http/scraper.js';
import { createHttpAdapter } from './http/server.js';
import { serveDocs } from './openapi/docs.js';
import type { AboutApi } from './openapi/document.js';
import type { Platform } from './platform/platform.module.js';
import { METRICS } from './platform/tokens.js';
import { limitEveryRoute } from './rate-limit/limit-every-route.js';

export interface ApiOptions extends AboutApi, IdentityOptions {
  /** Take the client's address from X-Forwarded-For: only behind a proxy of one's own. */
  readonly trustProxy?: boolean;
  /** What a scraper shows at /metrics; without it an operator key is needed there. */
  readonly metricsToken?: string | undefined;
}

/** The api, ready to listen or to be asked in-process. The platform stays the caller's to close. */
export async function createApi(platform: Platform, options: ApiOptions): Promise<NestFastifyApplication> {
  const adapter = createHttpAdapter(platform.logger, options.trustProxy ?? false);
  const app = await NestFactory.create<NestFastifyApplication>(
    appModule(platform, identitySettings(options)),
    adapter,
    {
      bodyParser: false,
      logger: new NestLogger(platform.logger),
      abortOnError: false,
    },
  );
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  measureRequests(app.getHttpAdapter().getInstance(), app.get<Registry>(METRICS, { strict: false }));
  guardEveryRoute(app, options.metricsToken);
  heedIdempotencyKeys(app.getHttpAdapter().getInstance(), platform);
  limitEveryRoute(app.getHttpAdapter().getInstance(), platform.quotas);
  serveDocs(app, options);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

/** Runs before a body is read, so that a refused request costs nothing but its headers. */
function guardEveryRoute(app: NestFastifyApplication, metricsToken: string | undefined): void {
  const access = app.get(AccessService);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, _reply, done) => {
      callBack(() => {
        const settings = settingsOf(request);
        if (settings === undefined || (settings.forScrapers === true && isScraper(request, metricsToken))) return;
        return access.admit(request, settings.access);
      }, done);
    });
}
