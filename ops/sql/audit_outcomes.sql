-- Batches by source and hour, with how many of them have records without an outcome, or outcomes without a record; and
-- how many bill another time than they bill to their environments.
WITH batch AS (
    SELECT
        hour, source_id, batch_id, records, billed_ms,
        (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(outcomes)) AS accounted,
        CASE WHEN environments IS NULL THEN billed_ms ELSE (
            SELECT coalesce(sum((value ->> 0)::bigint), 0) FROM jsonb_each(environments)) END AS shared_ms
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
), judged AS (
    SELECT *, records <> accounted AS miscounted, billed_ms <> shared_ms AS misbilled FROM batch
)
SELECT
    hour, source_id,
    count(*) AS batches,
    count(*) FILTER (WHERE miscounted) AS miscounted,
    coalesce(sum(records) FILTER (WHERE miscounted), 0)::bigint AS records,
    coalesce(sum(accounted) FILTER (WHERE miscounted), 0)::bigint AS accounted,
    count(*) FILTER (WHERE misbilled) AS misbilled,
    coalesce(sum(billed_ms) FILTER (WHERE misbilled), 0)::bigint AS billed_ms,
    coalesce(sum(shared_ms) FILTER (WHERE misbilled), 0)::bigint AS shared_ms,
    min(batch_id) FILTER (WHERE miscounted OR misbilled) AS example
FROM judged
GROUP BY hour, source_id
ORDER BY hour, source_id
