-- Late batches that no window has counted, by source and hour: how many there are, and how many have corrections that
-- add up to something else than their row in the ledger says. Corrections without any row have no source.
WITH correction AS (
    SELECT hour, batch_id, sum(delivered_ms) AS delivered_ms
    FROM media_usage_corrections
    WHERE hour BETWEEN %(first)s AND %(last)s
    GROUP BY hour, batch_id
), counted AS (
    SELECT DISTINCT ON (hour, batch_id) hour, batch_id, path, source_id, billed_ms
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), batch AS (
    SELECT
        hour, batch_id, coalesce(source_id, '') AS source_id,
        coalesce(counted.billed_ms, 0) AS ledger_ms, coalesce(correction.delivered_ms, 0) AS corrected_ms
    FROM counted FULL JOIN correction USING (hour, batch_id)
    WHERE path IS DISTINCT FROM 'window'
)
SELECT
    hour, source_id,
    count(*) AS batches,
    count(*) FILTER (WHERE ledger_ms <> corrected_ms) AS wrong,
    coalesce(sum(ledger_ms) FILTER (WHERE ledger_ms <> corrected_ms), 0)::bigint AS ledger_ms,
    coalesce(sum(corrected_ms) FILTER (WHERE ledger_ms <> corrected_ms), 0)::bigint AS corrected_ms,
    min(batch_id) FILTER (WHERE ledger_ms <> corrected_ms) AS example
FROM batch
GROUP BY hour, source_id
ORDER BY hour, source_id
