-- Answers to people who wrote.
-- Until then (seconds since the epoch) a text may go in quiet hours: its recipient wrote lately.
ALTER TABLE messages ADD COLUMN free_until REAL NOT NULL DEFAULT 0
;
CREATE INDEX messages_free ON messages (free_until) WHERE state = 'queued' AND free_until > 0
;
-- The file that a text came in: taken up again after a crash, it is not queued twice.
ALTER TABLE messages ADD COLUMN once TEXT
;
CREATE UNIQUE INDEX messages_once ON messages (once) WHERE once IS NOT NULL
;
