-- What readiness writes: a row for each serving process, so that none waits for another's.

CREATE TABLE probe (
	id TEXT PRIMARY KEY,
	probed_at BIGINT NOT NULL
);
CREATE INDEX probe_probed_at ON probe (probed_at);
