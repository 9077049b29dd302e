-- With some twenty events in a table that nobody has analyzed, a bitmap over any index that begins like the key can look
-- as good as one look by the key, and the plan is kept: every event of a job then reads all events of the tenant.
-- Without bitmaps the key wins in every state of the tables.
ALTER FUNCTION load_work(text, text[]) SET enable_bitmapscan = off;
