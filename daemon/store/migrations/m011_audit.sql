-- The record of who did what and when. Rows are only ever added; each row's hash covers all rows before it.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,          -- 1, 2, 3, without a gap
    entry TEXT NOT NULL,              -- canonical JSON, exactly as it was hashed
    hash TEXT NOT NULL                -- in hex
) STRICT
;
CREATE TRIGGER audit_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only: no entry is ever changed');
END
;
CREATE TRIGGER audit_never_shortened BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only: no entry is ever removed');
END
;
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN new.seq IS NOT coalesce((SELECT max(seq) FROM audit), 0) + 1 BEGIN
    SELECT RAISE(ABORT, 'the audit is append-only: an entry follows the last one');
END
;
CREATE TABLE batch_keys (             -- what the audit's keyed hashes of a batch are made with, until it is erased
    batch_id INTEGER PRIMARY KEY REFERENCES batches(id),
    key TEXT NOT NULL
) STRICT
