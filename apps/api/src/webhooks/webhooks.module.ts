import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { EventsModule } from '../events/events.module.js';
import { WebhookSourcesController } from './webhook-sources.controller.js';
import { WebhookSourcesService } from './webhook-sources.service.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

@Module({
  imports: [AuthModule, EventsModule],
  controllers: [WebhookSourcesController, WebhooksController],
  providers: [WebhookSourcesService, WebhooksService],
})
export class WebhooksModule {}
