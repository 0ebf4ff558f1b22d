-- How many messages wait in the queue for each SIM and may go through no other, so that nobody counts them.
CREATE TABLE waiting (
    sim TEXT PRIMARY KEY,             -- ICCID
    n INTEGER NOT NULL
) STRICT, WITHOUT ROWID
;
INSERT INTO waiting SELECT sim, count(*) FROM messages WHERE state IN ('held', 'queued') AND sim IS NOT NULL GROUP BY sim
;
CREATE TRIGGER messages_waiting AFTER INSERT ON messages
WHEN new.state IN ('held', 'queued') AND new.sim IS NOT NULL BEGIN
    INSERT INTO waiting VALUES (new.sim, 1)
    ON CONFLICT DO UPDATE SET n = n + 1;
END
;
CREATE TRIGGER messages_waited AFTER UPDATE OF state, sim ON messages
WHEN iif(old.state IN ('held', 'queued'), old.sim, NULL) IS NOT iif(new.state IN ('held', 'queued'), new.sim, NULL) BEGIN
    UPDATE waiting SET n = n - 1 WHERE old.state IN ('held', 'queued') AND sim = old.sim;
    INSERT INTO waiting SELECT new.sim, 1 WHERE new.state IN ('held', 'queued') AND new.sim IS NOT NULL
    ON CONFLICT DO UPDATE SET n = n + 1;
END
