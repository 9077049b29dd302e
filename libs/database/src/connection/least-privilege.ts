import type pg from 'pg';

/** The connection could see or change more than its role should: isolation between tenants would be a matter of luck. */
export class PrivilegeError extends Error {
  override readonly name = 'PrivilegeError';
}

interface Privileges {
  readonly role: string;
  readonly login: string;
  readonly superuser: boolean;
  readonly bypasses: boolean;
  readonly owned: string | null;
}

const question = `
  SELECT current_user AS role, session_user AS login, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
         (SELECT min(c.relname) FROM pg_class AS c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owned
    FROM pg_roles AS r WHERE r.rolname = current_user`;

/**
 * Refuses a connection whose role is a superuser, bypasses row-level security or owns a table. Called once per pool at
 * boot, before anything else is asked.
 *
 * @throws PrivilegeError with the name of the role and what to do.
 */
export async function assertLeastPrivilege(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<Privileges>(question);
  const found = rows[0];
  if (found === undefined) throw new PrivilegeError('The database role of this connection could not be read.');
  const excess = excessOf(found);
  if (excess === undefined) return;
  throw new PrivilegeError(
    `The database role "${found.role}" (login "${found.login}") ${excess}. ` +
      'Connect with a login that is a member of the tenon_ roles and nothing more; docs/database.md shows how.',
  );
}

function excessOf(found: Privileges): string | undefined {
  if (found.superuser) return 'is a superuser';
  if (found.bypasses) return 'bypasses row-level security';
  if (found.owned !== null) return `can act as the owner of the table "${found.owned}"`;
  return undefined;
}
