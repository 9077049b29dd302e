import type pg from 'pg';

/** The connection could see or change more than its role should: isolation between tenants would be a matter of luck. */
export class PrivilegeError extends Error {
  override readonly name = 'PrivilegeError';
}

interface Privileges {
  readonly role: string;
  readonly superuser: boolean;
  readonly bypasses: boolean;
  readonly owned: string | null;
}

/** Asked of the role in force and of the login behind it, because any statement may go back to the login. */
const question = `
  SELECT r.rolname AS role, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
         (SELECT min(c.relname) FROM pg_class AS c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owned
    FROM pg_roles AS r WHERE r.rolname IN (current_user, session_user)`;

/**
 * Refuses a connection whose login or role is a superuser, bypasses row-level security or owns a table. Called once
 * per pool at boot, before anything else is asked.
 *
 * @throws PrivilegeError with the name of the role and what to do.
 */
export async function assertLeastPrivilege(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<Privileges>(question);
  for (const found of rows) {
    const excess = excessOf(found);
    if (excess !== undefined) {
      throw new PrivilegeError(
        `The database role "${found.role}" ${excess}. ` +
          'Connect with a login that is a member of the tenon_ roles and nothing more; docs/database.md shows how.',
      );
    }
  }
}

function excessOf(found: Privileges): string | undefined {
  if (found.superuser) return 'is a superuser';
  if (found.bypasses) return 'bypasses row-level security';
  if (found.owned !== null) return `can act as the owner of the table "${found.owned}"`;
  return undefined;
}
