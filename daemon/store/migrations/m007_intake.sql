-- What a list said and a person must see before release: the cell a number came from, the wording, what was chosen.
-- The `to` cell as it was written.
ALTER TABLE messages ADD COLUMN cell TEXT NOT NULL DEFAULT ''
;
-- What a person should know of this row.
ALTER TABLE messages ADD COLUMN note TEXT NOT NULL DEFAULT ''
;
-- message.txt with its fields, '' when each row has a text of its own.
ALTER TABLE batches ADD COLUMN wording TEXT NOT NULL DEFAULT ''
;
-- What was found and chosen, as a JSON list.
ALTER TABLE batches ADD COLUMN notes TEXT NOT NULL DEFAULT '[]'
;
-- ICCID of the only SIM that may send it, '' for any.
ALTER TABLE batches ADD COLUMN only_sim TEXT NOT NULL DEFAULT ''
;
-- Why content that came before was taken again.
ALTER TABLE batches ADD COLUMN again TEXT NOT NULL DEFAULT ''
;
-- This very drop: a restart must not take it twice.
ALTER TABLE batches ADD COLUMN token TEXT NOT NULL DEFAULT ''
