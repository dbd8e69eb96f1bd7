-- One statement by kind and hour, with the sources of its reasons: (kind, hour, lines, ms, deliveries, bytes, batches,
-- example, sources). The usage of a period is one row.
WITH sums AS (
    SELECT
        kind, CASE kind WHEN 'adjustment' THEN hour END AS hour, count(*) AS lines,
        sum(delivered_ms)::bigint AS delivered_ms, sum(deliveries)::bigint AS deliveries, sum(bytes)::bigint AS bytes
    FROM statement_lines
    WHERE statement_id = %(statement)s
    GROUP BY 1, 2
), reasons AS (
    SELECT
        hour, count(DISTINCT batch_id) AS batches, min(batch_id) AS example,
        array_agg(DISTINCT source_id ORDER BY source_id) AS sources
    FROM statement_reasons
    WHERE statement_id = %(statement)s
    GROUP BY hour
)
SELECT kind, hour, lines, delivered_ms, deliveries, bytes, coalesce(batches, 0), coalesce(example, ''),
    coalesce(sources, '{{}}')
FROM sums LEFT JOIN reasons USING (hour)
ORDER BY hour
