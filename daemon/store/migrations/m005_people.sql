-- Whom the station must not text, as keyed hashes of their numbers.
-- The key of those hashes: it must be there before any of them.
INSERT INTO station VALUES ('people_key', lower(hex(randomblob(32)))) ON CONFLICT DO NOTHING
;
ALTER TABLE optouts RENAME COLUMN recipient TO tag
;
UPDATE optouts SET tag = person_tag(tag)
;
CREATE TABLE exclusions (
    tag TEXT NOT NULL,
    category TEXT NOT NULL,           -- why; for administrators alone
    at REAL NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (tag, category)
) STRICT, WITHOUT ROWID
;
-- Those whose reply a person must read before anything more of a list goes to them.
CREATE TABLE unread (
    tag TEXT PRIMARY KEY,
    at REAL NOT NULL
) STRICT, WITHOUT ROWID
;
-- list: one of a list; reply: a person's answer to a person; confirmation: of an opt-out.
ALTER TABLE messages ADD COLUMN kind TEXT NOT NULL DEFAULT 'list'
;
-- A SIM of this station is never texted, however its number is written.
CREATE INDEX sims_own ON sims (substr(own_number, -9)) WHERE own_number != ''
