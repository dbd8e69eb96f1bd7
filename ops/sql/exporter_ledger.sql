-- Figures of the ledger since an hour, a batch counted once: (kind, source, name, value) with kind outcome, rejected,
-- unresolved-assets or delay (the seconds from receipt to ledger, by quantile; of what no reprocess run has recounted).
WITH counted AS MATERIALIZED (
    SELECT DISTINCT ON (hour, batch_id)
        source_id, received_at, recorded_at, epoch, outcomes, rejected, unresolved_assets
    FROM batch_ledger
    -- Batches of nothing but rejected lines have no hour.
    WHERE hour >= %(since)s OR (hour = '1970-01-01T00:00Z' AND published_at >= %(since)s)
    -- "window" sorts after "late": what a window has counted is no correction any more.
    ORDER BY hour, batch_id, path DESC
)
SELECT 'outcome' AS kind, '' AS source_id, entry.key AS name, sum(entry.value::bigint)::float8 AS value
    FROM counted, jsonb_each_text(outcomes) AS entry GROUP BY entry.key
UNION ALL SELECT 'rejected', source_id, entry.key, sum(entry.value::bigint)::float8
    FROM counted, jsonb_each_text(rejected) AS entry GROUP BY source_id, entry.key
UNION ALL SELECT 'unresolved-assets', '', '', count(DISTINCT asset)::float8
    FROM counted, jsonb_object_keys(unresolved_assets) AS asset
UNION ALL SELECT 'delay', source_id, quantile::text, percentile_disc(quantile) WITHIN GROUP (
    ORDER BY extract(epoch FROM recorded_at - received_at)::float8)
    FROM counted, (VALUES (0.5::float8), (0.99)) AS wanted (quantile) WHERE epoch = 0 GROUP BY source_id, quantile
ORDER BY kind, source_id, name
