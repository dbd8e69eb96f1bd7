-- Whether lines of the batch were compared with those of others, so that a replay may count it otherwise. With it a row
-- says which of two accounts of one batch stands (jobs/media_usage/statements.py). NULL where a release before this
-- wrote the row: it stands as any other of its publication. No row is rewritten, so the size of the ledger is no matter.
ALTER TABLE batch_ledger ADD COLUMN compared boolean;
