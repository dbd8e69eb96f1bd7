-- What the ledger has of each source by hour of event time: (source, hour, batches, late batches, records, rejected
-- lines, newest receipt). A batch that came late and on time is one batch.
WITH counted AS (
    SELECT DISTINCT ON (hour, batch_id) hour, batch_id, path, source_id, records, rejected, received_at
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
)
SELECT
    source_id, hour, count(*), count(*) FILTER (WHERE path = 'late'), sum(records)::bigint,
    coalesce(sum((SELECT sum(value::bigint) FROM jsonb_each_text(rejected))), 0)::bigint, max(received_at)
FROM counted
GROUP BY source_id, hour
ORDER BY source_id, hour
