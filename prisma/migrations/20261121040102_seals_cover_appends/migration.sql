-- A seal says how many entries it is for: all those of its append. An entry that somebody slipped in at the end of a
-- chain stays outside of every seal, although the next append goes on from it. Entries are never changed: those that
-- were sealed before keep the seal that they have.
ALTER TABLE audit_entries
  DROP CONSTRAINT audit_entries_seal_check,
  ADD CONSTRAINT audit_entries_seal_check CHECK (seal ~ '^v1:[0-9a-f]{8}:[1-9][0-9]{0,3}:[0-9a-f]{64}$') NOT VALID;
