-- The clock that never jumps, beside the wall clock; and the recipients' own time.
-- Which boot of the machine, and the seconds since it, when 'submitting' was committed.
ALTER TABLE submits ADD COLUMN boot TEXT NOT NULL DEFAULT ''
;
ALTER TABLE submits ADD COLUMN up REAL NOT NULL DEFAULT 0
;
CREATE INDEX submits_boot ON submits (iccid, boot, up, recipient)
;
-- Time zones of the recipient's country, '' for the station's own.
ALTER TABLE messages ADD COLUMN zones TEXT NOT NULL DEFAULT ''
;
CREATE INDEX messages_abroad ON messages (zones) WHERE state = 'queued' AND zones != ''
