-- When an administrator said that the SIM is gone for good, NULL while it may come back: nobody waits for it any more.
ALTER TABLE sims ADD COLUMN retired_at REAL
