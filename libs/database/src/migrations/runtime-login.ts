import pg from 'pg';
import { databaseRoles } from '../connection/roles.js';

export interface RuntimeLogin {
  readonly user: string;
  readonly password: string;
}

/**
 * Makes the login that api and worker connect with, or gives it a new password: a member of the group roles, without
 * any right of its own (NOINHERIT: it has to take a role before it can read a table). Call it after `migrate`.
 *
 * @param ownerUrl a login that may create roles.
 */
export async function ensureRuntimeLogin(ownerUrl: string, { user, password }: RuntimeLogin): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'tenon-migrate' });
  await client.connect();
  try {
    const login = pg.escapeIdentifier(user);
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [user]);
    const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
    await client.query(`${verb} ROLE ${login} LOGIN NOINHERIT PASSWORD ${pg.escapeLiteral(password)}`);
    await client.query(`GRANT ${Object.values(databaseRoles).join(', ')} TO ${login}`);
  } finally {
    await client.end();
  }
}

/** The same database under another login. */
export function urlWithLogin(url: string, { user, password }: RuntimeLogin): string {
  const changed = new URL(url);
  changed.username = encodeURIComponent(user);
  changed.password = encodeURIComponent(password);
  return changed.toString();
}
