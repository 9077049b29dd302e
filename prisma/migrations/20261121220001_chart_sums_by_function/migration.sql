-- The function comes before the time: a chart of a few functions out of many reads the rows of those few.
ALTER TABLE chart_sums DROP CONSTRAINT chart_sums_pkey,
  ADD CONSTRAINT chart_sums_pkey PRIMARY KEY (tenant_id, grain, function_id, start, fault);
