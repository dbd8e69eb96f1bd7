-- Batches by source and hour, with how many of them have records without an outcome, or outcomes without a record.
WITH batch AS (
    SELECT
        hour, source_id, batch_id, records,
        (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(outcomes)) AS accounted
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
)
SELECT
    hour, source_id,
    count(*) AS batches,
    count(*) FILTER (WHERE records <> accounted) AS wrong,
    coalesce(sum(records) FILTER (WHERE records <> accounted), 0)::bigint AS records,
    coalesce(sum(accounted) FILTER (WHERE records <> accounted), 0)::bigint AS accounted,
    min(batch_id) FILTER (WHERE records <> accounted) AS example
FROM batch
GROUP BY hour, source_id
ORDER BY hour, source_id
