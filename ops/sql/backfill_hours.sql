-- What the ledger has of a source, by hour: (hour, batches, records).
SELECT hour, count(*), sum(records)
FROM (
    SELECT DISTINCT ON (hour, batch_id) hour, batch_id, records
    FROM batch_ledger
    WHERE hour = ANY(%(hours)s) AND source_id = %(source)s
    ORDER BY hour, batch_id, path DESC
) AS counted
GROUP BY hour
