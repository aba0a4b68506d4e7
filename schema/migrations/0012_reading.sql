-- Sessions that read at once: when each last did, and what became of those that were one too many.

ALTER TABLE session ADD COLUMN read_at BIGINT NOT NULL DEFAULT 0;
CREATE TABLE session_ended (
	token_hash BYTEA PRIMARY KEY,
	reason TEXT NOT NULL,             -- 'reading_elsewhere'
	ended_at BIGINT NOT NULL
);
CREATE INDEX session_ended_at ON session_ended (ended_at);
