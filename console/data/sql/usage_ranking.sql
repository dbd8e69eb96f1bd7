-- The environments and a page of the assets with the most of the chosen usage, read in one go: (environment, asset, ms,
-- deliveries, bytes, ms settled, on time, provisional, of corrections, how many assets there are). The first row is the
-- sum of all, without names; environments follow, without asset, then the page.
WITH asset AS MATERIALIZED (
    SELECT
        environment_id, asset_id,
        sum(delivered_ms) AS delivered_ms, sum(deliveries) AS deliveries, sum(bytes) AS bytes,
        coalesce(sum(delivered_ms) FILTER (WHERE certainty = 'settled'), 0) AS settled_ms,
        coalesce(sum(delivered_ms) FILTER (WHERE certainty = 'on-time'), 0) AS on_time_ms,
        coalesce(sum(delivered_ms) FILTER (WHERE certainty = 'provisional'), 0) AS provisional_ms,
        coalesce(sum(delivered_ms) FILTER (WHERE certainty = 'correction'), 0) AS correction_ms
    FROM {chosen} AS chosen
    GROUP BY environment_id, asset_id
), total AS (
    SELECT
        GROUPING(environment_id) AS is_total, environment_id, NULL AS asset_id,
        sum(delivered_ms) AS delivered_ms, sum(deliveries) AS deliveries, sum(bytes) AS bytes,
        sum(settled_ms) AS settled_ms, sum(on_time_ms) AS on_time_ms, sum(provisional_ms) AS provisional_ms,
        sum(correction_ms) AS correction_ms, count(*) AS assets
    FROM asset
    GROUP BY GROUPING SETS ((), (environment_id))
    ORDER BY is_total DESC, delivered_ms DESC, environment_id
    LIMIT 1 + %(environment_limit)s
), page AS (
    SELECT 0 AS is_total, *, 1 AS assets
    FROM asset
    ORDER BY delivered_ms DESC, environment_id, asset_id
    LIMIT %(limit)s OFFSET %(offset)s
), ranked AS (
    SELECT * FROM total UNION ALL SELECT * FROM page
)
SELECT
    environment_id, asset_id, coalesce(delivered_ms, 0)::bigint, coalesce(deliveries, 0)::bigint,
    coalesce(bytes, 0)::bigint, coalesce(settled_ms, 0)::bigint, coalesce(on_time_ms, 0)::bigint,
    coalesce(provisional_ms, 0)::bigint, coalesce(correction_ms, 0)::bigint, assets
FROM ranked
ORDER BY is_total DESC, asset_id IS NOT NULL, delivered_ms DESC, environment_id, asset_id
