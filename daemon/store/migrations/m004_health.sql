-- What SIMs and modems are, and how they fared over time.
ALTER TABLE sims ADD COLUMN own_number TEXT NOT NULL DEFAULT ''
;
ALTER TABLE modems ADD COLUMN registered TEXT NOT NULL DEFAULT ''
;
ALTER TABLE modems ADD COLUMN bearer TEXT NOT NULL DEFAULT ''
;
ALTER TABLE modems ADD COLUMN smsc TEXT NOT NULL DEFAULT ''
;
-- JSON: memory -> [slots in use, slots in all]
ALTER TABLE modems ADD COLUMN storage TEXT NOT NULL DEFAULT '{}'
;
CREATE TABLE health (
    iccid TEXT NOT NULL REFERENCES sims(iccid),
    at REAL NOT NULL,
    signal_dbm INTEGER,
    registered TEXT NOT NULL,
    port TEXT NOT NULL,
    network TEXT NOT NULL,
    bearer TEXT NOT NULL,
    slots_used INTEGER NOT NULL,
    slots INTEGER NOT NULL,
    PRIMARY KEY (iccid, at)
) STRICT, WITHOUT ROWID
;
CREATE TABLE credit (
    id INTEGER PRIMARY KEY,
    iccid TEXT NOT NULL REFERENCES sims(iccid),
    at REAL NOT NULL,
    amount REAL,                      -- NULL when the network's words held none
    text TEXT NOT NULL
) STRICT
;
CREATE INDEX credit_newest ON credit (iccid, at)
