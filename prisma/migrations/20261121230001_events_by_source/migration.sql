-- Of the two unique indexes of `events` both began with the tenant. While few events are there they cost the planner the
-- same, and connections that planned then went on to read all events of a tenant for each that they loaded by its id.
-- Nothing can be found by the tenant alone in this one.
CREATE UNIQUE INDEX events_source_tenant_id_source_event_id_key ON events (source, tenant_id, source_event_id);
DROP INDEX events_tenant_id_source_source_event_id_key;
