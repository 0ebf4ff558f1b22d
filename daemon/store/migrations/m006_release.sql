-- What a release is bound to. When texts or list of a released batch change, whoever changes them, it must be released anew.
-- Who changed the batch last, other than by dropping it.
ALTER TABLE batches ADD COLUMN changed_by TEXT NOT NULL DEFAULT ''
;
-- The hash on the request for release that people were shown, '' before there is one.
ALTER TABLE batches ADD COLUMN request_sha256 TEXT NOT NULL DEFAULT ''
;
-- The hash that was released, '' when nobody released it.
ALTER TABLE batches ADD COLUMN released_sha256 TEXT NOT NULL DEFAULT ''
;
-- How many releases became void: no request is ever the same as one before.
ALTER TABLE batches ADD COLUMN voided INTEGER NOT NULL DEFAULT 0
;
-- Why the last try to release it was refused.
ALTER TABLE batches ADD COLUMN refused TEXT NOT NULL DEFAULT ''
;
CREATE TRIGGER release_voided AFTER UPDATE OF state ON batches
WHEN new.state = 'awaiting_release' AND old.state IN ('released', 'paused')
BEGIN
    UPDATE batches SET released_at = NULL, released_by = '', released_sha256 = '', request_sha256 = '',
        voided = voided + 1 WHERE id = new.id;
    UPDATE messages SET state = 'held', due_at = NULL WHERE batch_id = new.id AND state IN ('held', 'queued');
END
;
CREATE TRIGGER released_text_changed AFTER UPDATE OF recipient, text, flash, not_before, not_after ON messages
WHEN (old.recipient, old.text, old.flash, old.not_before, old.not_after)
    IS NOT (new.recipient, new.text, new.flash, new.not_before, new.not_after)
BEGIN
    UPDATE batches SET state = 'awaiting_release' WHERE id = old.batch_id
        AND state IN ('released', 'paused') AND released_sha256 != '';
END
;
CREATE TRIGGER released_list_grown AFTER INSERT ON messages BEGIN
    UPDATE batches SET state = 'awaiting_release' WHERE id = new.batch_id
        AND state IN ('released', 'paused') AND released_sha256 != '';
END
;
CREATE TRIGGER released_list_shrunk AFTER DELETE ON messages BEGIN
    UPDATE batches SET state = 'awaiting_release' WHERE id = old.batch_id
        AND state IN ('released', 'paused') AND released_sha256 != '';
END
