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
} as const;

export type DatabaseRole = (typeof databaseRoles)[keyof typeof databaseRoles];
