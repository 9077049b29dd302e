/**
 * SQL for the id of the settings that the function `f` has: those of what is live, or the newest ones where nothing was
 * live yet. Null where it has none.
 */
export const currentSettingsId = `(CASE WHEN f.live_deployment_id IS NULL
    THEN (SELECT n.id FROM function_settings AS n WHERE n.tenant_id = f.tenant_id AND n.function_id = f.id
            ORDER BY n.id DESC LIMIT 1)
    ELSE (SELECT c.settings_id FROM deployments AS c WHERE c.tenant_id = f.tenant_id AND c.id = f.live_deployment_id)
  END)`;
