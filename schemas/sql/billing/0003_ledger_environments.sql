-- What a batch bills to each environment: {"env-1": [milliseconds, deliveries, bytes], ...}. With it the audit sees rows
-- of the bill that were moved from one customer to another, and the reason of an adjustment is a batch that concerns the
-- customer. NULL where a release before this wrote the row, or only copies of the batch have been seen yet.
ALTER TABLE batch_ledger ADD COLUMN environments jsonb;
