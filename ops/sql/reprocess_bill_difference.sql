-- Rows of the bill that the shadow adds, changes and removes, and milliseconds before and after, by environment.
WITH live AS (
    SELECT hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
    FROM billable_usage
    WHERE hour BETWEEN %(first)s AND %(last)s
), shadow AS (
    SELECT hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
    FROM {shadow}.billable_usage
    WHERE hour BETWEEN %(first)s AND %(last)s
)
SELECT
    environment_id,
    count(*) FILTER (WHERE live.delivered_ms IS NULL) AS added,
    count(*) FILTER (WHERE live.delivered_ms IS NOT NULL AND shadow.delivered_ms IS NOT NULL) AS changed,
    count(*) FILTER (WHERE shadow.delivered_ms IS NULL) AS removed,
    coalesce(sum(live.delivered_ms), 0)::bigint AS before_ms,
    coalesce(sum(shadow.delivered_ms), 0)::bigint AS after_ms
FROM live FULL JOIN shadow USING (hour, environment_id, asset_id, tier)
WHERE
    (live.delivered_ms, live.deliveries, live.bytes)
    IS DISTINCT FROM (shadow.delivered_ms, shadow.deliveries, shadow.bytes)
GROUP BY environment_id
ORDER BY environment_id
