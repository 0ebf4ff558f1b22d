-- What people text back, whole again.
CREATE TABLE replies (
    id INTEGER PRIMARY KEY,
    iccid TEXT NOT NULL REFERENCES sims(iccid),
    number TEXT NOT NULL,             -- the sender as the network writes it; '' when it cannot be read
    recipient TEXT NOT NULL,          -- the same person as the queue writes them
    message_id INTEGER REFERENCES messages(id),  -- the newest message to that person
    kind TEXT NOT NULL,               -- text; data, indication and undecodable are kept raw
    text TEXT NOT NULL,               -- as far as its parts have come
    complete INTEGER NOT NULL,
    reason TEXT NOT NULL DEFAULT '',  -- why it is undecodable
    state TEXT NOT NULL,              -- arriving, unread, waiting, answered, kept
    received_at REAL NOT NULL,        -- when its first part came
    changed_at REAL NOT NULL,         -- when its newest part came
    sent_at REAL,                     -- SCTS of its first part; NULL when the network gave none
    concat_ref INTEGER,
    concat_bits INTEGER,
    concat_total INTEGER
) STRICT
;
CREATE INDEX replies_group ON replies (number, iccid, concat_ref) WHERE concat_ref IS NOT NULL
;
CREATE INDEX replies_same ON replies (number, iccid, sent_at)
;
CREATE INDEX replies_person ON replies (recipient, id)
;
CREATE INDEX replies_state ON replies (state, changed_at)
;
ALTER TABLE inbound ADD COLUMN concat_bits INTEGER
;
-- UCS-2 octets: a character may be cut in two between parts
ALTER TABLE inbound ADD COLUMN data BLOB
;
ALTER TABLE inbound ADD COLUMN reply_id INTEGER REFERENCES replies(id)
;
CREATE INDEX inbound_reply ON inbound (reply_id) WHERE reply_id IS NOT NULL
