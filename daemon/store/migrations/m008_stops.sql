-- What a person must look at, and the station's own pause.
CREATE TABLE alarms (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,            -- what it is about: an ICCID, a port, '' for the station
    since REAL NOT NULL,
    until REAL,                       -- when it ends by itself, NULL: when it is cleared
    text TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID
;
CREATE TABLE station_pause (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at REAL NOT NULL,
    by TEXT NOT NULL
) STRICT
;
ALTER TABLE sims ADD COLUMN hold_since REAL NOT NULL DEFAULT 0
;
CREATE INDEX messages_bound ON messages (sim) WHERE state IN ('held', 'queued', 'sending') AND sim IS NOT NULL
;
CREATE INDEX messages_doubtful ON messages (changed_at) WHERE state = 'in_doubt'
