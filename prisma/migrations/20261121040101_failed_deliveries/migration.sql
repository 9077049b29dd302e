-- What failed is looked at and sent again by hand; it is few among very many.
CREATE INDEX deliveries_failed_idx ON deliveries (id) WHERE status = 'failed';
