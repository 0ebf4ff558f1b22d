-- When the people of a batch were erased.
ALTER TABLE batches ADD COLUMN erased_at REAL
