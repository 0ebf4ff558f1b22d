-- Conversations that were handed over to a worker or a partner service.
CREATE TABLE handovers (
    reference TEXT PRIMARY KEY,       -- what people on both sides call it
    recipient TEXT NOT NULL,          -- the person, as the queue writes them
    batch_id INTEGER REFERENCES batches(id),  -- the newest list that the person is on
    service TEXT NOT NULL,            -- its name in the configuration
    consent TEXT NOT NULL,            -- what the person agreed to; '' when there is none
    consent_at REAL,
    consent_how TEXT NOT NULL,        -- reply 17, phone
    danger TEXT NOT NULL,             -- why it was done without consent
    assigned_by TEXT NOT NULL,
    assigned_at REAL NOT NULL,
    due_at REAL NOT NULL,             -- when somebody should have taken it up
    taken_by TEXT NOT NULL DEFAULT '',
    taken_at REAL,
    closed_by TEXT NOT NULL DEFAULT '',
    closed_at REAL,
    outcome TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID
;
CREATE INDEX handovers_person ON handovers (recipient)
;
CREATE INDEX handovers_batch ON handovers (batch_id)
