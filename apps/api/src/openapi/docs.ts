import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { type AboutApi, createDocument } from './document.js';

/** Serves `/openapi.json` and, with the files that come in the package (no network needed), `/docs`. */
export function serveDocs(app: NestFastifyApplication, about: AboutApi): void {
  const document = createDocument(app, about);
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Tenon API',
    swaggerOptions: { persistAuthorization: false, tryItOutEnabled: true },
  });
}
