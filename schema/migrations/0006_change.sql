-- What a cache may hold and is no longer so. Written in the transaction of the cause, read by every process, and
-- dropped after an hour.

CREATE TABLE change (
	id TEXT PRIMARY KEY,
	tx BIGINT NOT NULL,               -- of the transaction, in the engine's own count (see schema/queries/change.sql)
	kind TEXT NOT NULL,               -- 'session', 'account', 'article', 'entitlement', 'policy'
	key TEXT NOT NULL,                -- which one; '' for any of that kind
	made_at BIGINT NOT NULL
);
CREATE INDEX change_tx ON change (tx);

-- The next moment at which what may be shown changes by itself.
CREATE INDEX article_embargo ON article (embargo_at) WHERE embargo_at IS NOT NULL;
CREATE INDEX article_expires ON article (expires_at) WHERE expires_at IS NOT NULL;
