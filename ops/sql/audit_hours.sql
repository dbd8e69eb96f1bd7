-- Milliseconds of every hour as its batches were billed, each batch once, and as the bill says.
WITH counted AS (
    -- "window" sorts after "late": what a window has counted is no correction any more.
    SELECT DISTINCT ON (hour, batch_id) hour, source_id, billed_ms
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), by_source AS (
    SELECT hour, source_id, sum(billed_ms) AS billed_ms FROM counted GROUP BY hour, source_id
), ledger AS (
    SELECT
        hour,
        sum(billed_ms) AS billed_ms,
        string_agg(format('%%s %%s ms', source_id, billed_ms), ', ' ORDER BY source_id) AS sources
    FROM by_source
    GROUP BY hour
), bill AS (
    SELECT hour, sum(delivered_ms) AS billed_ms
    FROM billable_usage
    WHERE hour BETWEEN %(first)s AND %(last)s
    GROUP BY hour
)
SELECT
    hour,
    coalesce(ledger.billed_ms, 0)::bigint AS ledger_ms,
    coalesce(bill.billed_ms, 0)::bigint AS bill_ms,
    coalesce(ledger.sources, 'no batch') AS sources
FROM ledger FULL JOIN bill USING (hour)
ORDER BY hour
