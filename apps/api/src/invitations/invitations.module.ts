import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { AcceptInvitationController } from './accept-invitation.controller.js';
import { AcceptInvitationService } from './accept-invitation.service.js';
import { InvitationsController } from './invitations.controller.js';
import { InvitationsService } from './invitations.service.js';

@Module({
  imports: [AuthModule],
  controllers: [InvitationsController, AcceptInvitationController],
  providers: [InvitationsService, AcceptInvitationService],
})
export class InvitationsModule {}
