-- An invitation is found by the mailbox it went to as well: its reader may have registered on one device and be on another now.
CREATE INDEX IF NOT EXISTS seat_email ON seat (email_key);
