-- Which of these batches the ledger has: (hour, batch_id, records).
SELECT DISTINCT ON (hour, batch_id) hour, batch_id, records
FROM batch_ledger
WHERE hour = ANY(%(hours)s) AND batch_id = ANY(%(batches)s)
ORDER BY hour, batch_id, path DESC
