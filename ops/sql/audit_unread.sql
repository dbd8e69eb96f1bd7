-- Which of these batches the ledger does not have.
SELECT batch_id
FROM unnest(%(hours)s::timestamptz[], %(batches)s::text[]) AS wanted (hour, batch_id)
WHERE NOT EXISTS (
    SELECT FROM batch_ledger AS ledger WHERE ledger.hour = wanted.hour AND ledger.batch_id = wanted.batch_id)
