-- Whose turn it is, which SIM texts whom, and what is known of a doubt.
-- When a message of the batch began last, in the order of beginnings: the batch that has waited longest goes next.
ALTER TABLE batches ADD COLUMN turn INTEGER NOT NULL DEFAULT 0
;
CREATE INDEX batches_released ON batches (turn) WHERE state = 'released'
;
CREATE INDEX batches_turn ON batches (turn)
;
DROP INDEX messages_queued
;
CREATE INDEX messages_queued ON messages (batch_id, sim, priority DESC, id) WHERE state = 'queued'
;
CREATE INDEX submits_recipient ON submits (recipient, id)
;
-- The id of the submit in doubt that this one repeats.
ALTER TABLE submits ADD COLUMN again_of INTEGER
;
-- The last lines between us and the modem, redacted.
ALTER TABLE submits ADD COLUMN exchanged TEXT NOT NULL DEFAULT ''
