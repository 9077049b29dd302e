/** The group roles of prisma/migrations, one per kind of work. */
export const databaseRoles = {
  /** One tenant at a time. */
  app: 'tenon_app',
  /** Tenants, plans, extension points, keys: no tenant's data. */
  operator: 'tenon_operator',
  /** Adds executions, usage and audit entries. */
  recorder: 'tenon_recorder',
  /** Moves events of all tenants through the outbox. */
  scheduler: 'tenon_scheduler',
  /** Signs people in: users, sessions, invitations. No tenant's data. */
  identity: 'tenon_identity',
  /** Removes what a tenant had that its operator has marked for deletion. */
  eraser: 'tenon_eraser',
  /** Sends deliveries of all tenants, without seeing what is in them. */
  courier: 'tenon_courier',
} as const;

export type DatabaseRole = (typeof databaseRoles)[keyof typeof databaseRoles];
