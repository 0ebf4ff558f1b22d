CREATE TABLE conversations (              -- what pages ask each second, without a look at every reply
    recipient TEXT PRIMARY KEY,           -- '' for all whom nobody can name
    theirs INTEGER NOT NULL,              -- another one after each change of what they wrote
    ours INTEGER NOT NULL                 -- the same of what was sent to them
) STRICT, WITHOUT ROWID
;
INSERT INTO conversations SELECT recipient, count(*), 0 FROM replies GROUP BY recipient
;
CREATE TRIGGER replies_heard AFTER INSERT ON replies BEGIN
    -- Begun with the time: a conversation that was erased and begins anew is another one.
    INSERT INTO conversations VALUES (new.recipient, CAST(new.changed_at * 1000 AS INTEGER), 0)
    ON CONFLICT DO UPDATE SET theirs = theirs + 1;
END
;
CREATE TRIGGER replies_changed AFTER UPDATE ON replies BEGIN
    UPDATE conversations SET theirs = theirs + 1 WHERE recipient = new.recipient;
END
;
CREATE TRIGGER replies_gone AFTER DELETE ON replies BEGIN
    UPDATE conversations SET theirs = theirs + 1 WHERE recipient = old.recipient;
    DELETE FROM conversations WHERE recipient = old.recipient
        AND NOT EXISTS (SELECT 1 FROM replies WHERE recipient = old.recipient);
END
;
CREATE TRIGGER messages_told AFTER UPDATE OF state, changed_at ON messages BEGIN
    UPDATE conversations SET ours = ours + 1 WHERE recipient = new.recipient;
END
;
CREATE TRIGGER messages_unnamed AFTER UPDATE OF recipient ON messages BEGIN
    -- The newest list of a person may be another one now, and so the batch of what they wrote.
    UPDATE conversations SET theirs = theirs + 1, ours = ours + 1 WHERE recipient = old.recipient;
END
;
CREATE INDEX replies_open ON replies (received_at) WHERE state IN ('unread', 'waiting')
;
CREATE INDEX replies_undecodable ON replies (id) WHERE kind = 'undecodable'
