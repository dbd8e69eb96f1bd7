-- Which of these batches the ledger has.
SELECT DISTINCT batch_id FROM batch_ledger WHERE hour = ANY(%(hours)s) AND batch_id = ANY(%(batches)s)
