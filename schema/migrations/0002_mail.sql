-- The outbox: a message is written in the transaction of its cause and delivered afterwards.

CREATE TABLE outbox (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	to_address TEXT NOT NULL,
	to_key TEXT NOT NULL,
	message_id TEXT NOT NULL,
	subject TEXT NOT NULL,
	body_text TEXT NOT NULL,          -- emptied once sent: it may hold a token
	body_html TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	next_at BIGINT NOT NULL,          -- due, or the end of a claim
	attempts BIGINT NOT NULL,
	sent_at BIGINT,
	failed_at BIGINT,                 -- given up
	error TEXT                        -- last refusal, for the operator
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE sent_at IS NULL AND failed_at IS NULL;
CREATE INDEX outbox_mailbox ON outbox (to_key, created_at);
CREATE INDEX outbox_created ON outbox (created_at);
