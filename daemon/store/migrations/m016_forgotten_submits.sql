-- Submits that a disk may have lost from the database, one row for each part: nobody knows which SIM made them, so each
-- SIM's limits count all of them, from when the loss was found.
CREATE TABLE forgotten_submits (
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,    -- seconds since the epoch
    boot TEXT NOT NULL,  -- of the machine, and the seconds since
    up REAL NOT NULL
) STRICT
;
CREATE INDEX forgotten_submits_at ON forgotten_submits (at)
;
CREATE INDEX forgotten_submits_up ON forgotten_submits (boot, up)
