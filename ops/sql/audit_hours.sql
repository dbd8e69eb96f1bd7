-- Milliseconds, deliveries and bytes of every hour and environment as its batches were billed, each batch once, and as
-- the bill says. Of hours with a batch that tells no environments (it was written by an earlier release) only the
-- milliseconds, of all environments together.
WITH counted AS (
    -- "window" sorts after "late": what a window has counted is no correction any more.
    SELECT DISTINCT ON (hour, batch_id) hour, source_id, billed_ms, environments
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), known AS (
    SELECT hour, bool_and(environments IS NOT NULL) AS told FROM counted GROUP BY hour
), share AS (
    SELECT
        hour, source_id, environment.key AS environment_id,
        (value ->> 0)::bigint AS billed_ms, (value ->> 1)::bigint AS deliveries, (value ->> 2)::bigint AS bytes
    FROM counted JOIN known USING (hour), jsonb_each(environments) AS environment
    WHERE told
    UNION ALL
    SELECT hour, source_id, '', billed_ms, 0, 0 FROM counted JOIN known USING (hour) WHERE NOT told
), by_source AS (
    SELECT
        hour, environment_id, source_id,
        sum(billed_ms) AS billed_ms, sum(deliveries) AS deliveries, sum(bytes) AS bytes
    FROM share
    GROUP BY hour, environment_id, source_id
), ledger AS (
    SELECT
        hour, environment_id,
        sum(billed_ms) AS billed_ms, sum(deliveries) AS deliveries, sum(bytes) AS bytes,
        string_agg(format('%%s %%s ms', source_id, billed_ms), ', ' ORDER BY source_id) AS sources
    FROM by_source
    GROUP BY hour, environment_id
), bill AS (
    SELECT
        hour, CASE WHEN told IS false THEN '' ELSE environment_id END AS environment_id,
        sum(delivered_ms) AS billed_ms,
        sum(CASE WHEN told IS false THEN 0 ELSE deliveries END) AS deliveries,
        sum(CASE WHEN told IS false THEN 0 ELSE bytes END) AS bytes
    FROM billable_usage LEFT JOIN known USING (hour)
    WHERE hour BETWEEN %(first)s AND %(last)s
    GROUP BY 1, 2
)
SELECT
    hour, environment_id,
    coalesce(ledger.billed_ms, 0)::bigint, coalesce(ledger.deliveries, 0)::bigint, coalesce(ledger.bytes, 0)::bigint,
    coalesce(bill.billed_ms, 0)::bigint, coalesce(bill.deliveries, 0)::bigint, coalesce(bill.bytes, 0)::bigint,
    coalesce(ledger.sources, 'no batch') AS sources
FROM ledger FULL JOIN bill USING (hour, environment_id)
ORDER BY hour, environment_id
