-- Indexes, so that no statement and no step of the housekeeping walks a table that grows with readers.

CREATE INDEX IF NOT EXISTS account_unverified ON account (updated_at, id) WHERE verified_at IS NULL;
CREATE INDEX IF NOT EXISTS change_made ON change (made_at);
CREATE INDEX IF NOT EXISTS gift_created ON gift (created_at, id);
CREATE INDEX IF NOT EXISTS entitlement_plan ON entitlement (plan);

-- Rows that change often and whose indexed columns stay: PostgreSQL keeps room for the new version on the same page, so that no
-- index is written.
-- postgres: ALTER TABLE session SET (fillfactor = 80);
-- postgres: ALTER TABLE account SET (fillfactor = 90);
-- postgres: ALTER TABLE gift SET (fillfactor = 90);
-- postgres: ALTER TABLE policy SET (fillfactor = 50);
-- postgres: ALTER TABLE tx_mark SET (fillfactor = 50);
