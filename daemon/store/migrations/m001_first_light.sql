-- Queue, parts, durable submit history, inbound PDUs, SIMs and modems. Times are seconds since the epoch, UTC.
CREATE TABLE station (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID
;
CREATE TABLE sims (
    iccid TEXT PRIMARY KEY,
    imsi TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    until REAL,                       -- when waiting or resting ends
    hold TEXT NOT NULL DEFAULT '',    -- resting, blocked or paused: outlives absence and restarts
    hold_reason TEXT NOT NULL DEFAULT '',
    hold_until REAL,
    rests INTEGER NOT NULL DEFAULT 0, -- rests since the last accepted part: the next is longer
    rested_at REAL NOT NULL DEFAULT 0,
    first_seen REAL NOT NULL,
    last_seen REAL NOT NULL
) STRICT, WITHOUT ROWID
;
CREATE TABLE modems (
    port TEXT PRIMARY KEY,
    imei TEXT NOT NULL DEFAULT '',
    manufacturer TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    firmware TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    iccid TEXT,
    signal_dbm INTEGER,
    network TEXT NOT NULL DEFAULT '',
    changed_at REAL NOT NULL
) STRICT, WITHOUT ROWID
;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    dropped_at REAL NOT NULL,
    released_at REAL,
    released_by TEXT NOT NULL DEFAULT '',  -- the user, when a person released it
    finished_at REAL,
    rows INTEGER NOT NULL,
    rejected INTEGER NOT NULL
) STRICT
;
CREATE INDEX batches_content ON batches (sha256)
;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    batch_id INTEGER NOT NULL REFERENCES batches(id),
    row INTEGER NOT NULL,
    ref TEXT NOT NULL,
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,
    part_count INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    flash INTEGER NOT NULL,
    not_before REAL,
    not_after REAL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    sim TEXT REFERENCES sims(iccid),
    due_at REAL,                      -- a held message of a released batch waits for this
    refusals INTEGER NOT NULL DEFAULT 0,
    changed_at REAL NOT NULL,
    UNIQUE (batch_id, row)
) STRICT
;
CREATE INDEX messages_queued ON messages (sim, priority DESC, id) WHERE state = 'queued'
;
CREATE INDEX messages_due ON messages (due_at) WHERE state = 'held' AND due_at IS NOT NULL
;
CREATE INDEX messages_ending ON messages (not_after) WHERE state IN ('held', 'queued') AND not_after IS NOT NULL
;
CREATE INDEX messages_sending ON messages (id) WHERE state = 'sending'
;
CREATE INDEX messages_recipient ON messages (recipient, id)
;
CREATE TABLE rejected_rows (
    batch_id INTEGER NOT NULL REFERENCES batches(id),
    row INTEGER NOT NULL,
    ref TEXT NOT NULL,
    cell TEXT NOT NULL,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (batch_id, row)
) STRICT, WITHOUT ROWID
;
CREATE TABLE parts (
    id INTEGER PRIMARY KEY,
    message_id INTEGER NOT NULL REFERENCES messages(id),
    seq INTEGER NOT NULL,
    pdu TEXT NOT NULL,
    tpdu_octets INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    mr INTEGER,
    sent_at REAL,
    settled_at REAL,                  -- discharge time of the final status report
    UNIQUE (message_id, seq)
) STRICT
;
CREATE TABLE submits (
    id INTEGER PRIMARY KEY,
    iccid TEXT NOT NULL REFERENCES sims(iccid),
    part_id INTEGER REFERENCES parts(id),
    recipient TEXT NOT NULL,
    at REAL NOT NULL,                 -- when 'submitting' was committed
    valid_until REAL NOT NULL,
    outcome TEXT NOT NULL,            -- submitting, accepted, refused, in_doubt
    mr INTEGER,
    code TEXT NOT NULL DEFAULT '',
    against_sim INTEGER NOT NULL DEFAULT 0  -- a refusal that counts in the row which speaks of the SIM
) STRICT
;
CREATE INDEX submits_history ON submits (iccid, at, recipient)
;
CREATE INDEX submits_part ON submits (part_id)
;
CREATE INDEX submits_mr ON submits (iccid, mr, at)
;
CREATE INDEX submits_outcome ON submits (iccid, outcome, id)
;
CREATE TABLE inbound (
    id INTEGER PRIMARY KEY,
    iccid TEXT NOT NULL REFERENCES sims(iccid),
    pdu TEXT NOT NULL,
    received_at REAL NOT NULL,
    kind TEXT NOT NULL,               -- report, deliver, undecodable
    number TEXT NOT NULL DEFAULT '',  -- recipient of a report, sender of a deliver
    text TEXT NOT NULL DEFAULT '',
    mr INTEGER,
    tp_status INTEGER,
    at REAL,                          -- SCTS of a deliver, discharge time of a report
    concat_ref INTEGER,
    concat_total INTEGER,
    concat_seq INTEGER,
    part_id INTEGER REFERENCES parts(id),
    reason TEXT NOT NULL DEFAULT '',
    UNIQUE (iccid, pdu)
) STRICT
;
CREATE INDEX inbound_time ON inbound (received_at)
;
CREATE INDEX inbound_unmatched ON inbound (iccid, mr) WHERE kind = 'report' AND part_id IS NULL
;
CREATE TABLE optouts (
    recipient TEXT PRIMARY KEY,
    at REAL NOT NULL,
    source TEXT NOT NULL
) STRICT, WITHOUT ROWID
;
CREATE TABLE counts (
    batch_id INTEGER NOT NULL REFERENCES batches(id),
    state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (batch_id, state)
) STRICT, WITHOUT ROWID
;
CREATE TRIGGER messages_counted AFTER INSERT ON messages BEGIN
    INSERT INTO counts VALUES (new.batch_id, new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END
;
CREATE TRIGGER messages_recounted AFTER UPDATE OF state ON messages WHEN old.state IS NOT new.state BEGIN
    UPDATE counts SET n = n - 1 WHERE batch_id = old.batch_id AND state = old.state;
    INSERT INTO counts VALUES (new.batch_id, new.state, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END
