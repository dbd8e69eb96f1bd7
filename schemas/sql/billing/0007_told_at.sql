-- When the heartbeat that claimed the totals was published, by its collector's clock: a batch that was published later is
-- none of those that it claims. Of these totals only: a release before this one goes on to write others without a time.
ALTER TABLE collector_totals ADD COLUMN told_at timestamptz, ADD COLUMN told_batches bigint;
