-- The chosen usage row by row, as the bill has it: (hour, environment, asset, tier, certainty of the hour, whether it is
-- in doubt, ms, of it corrections, deliveries, bytes).
SELECT
    hour, environment_id, asset_id, tier,
    CASE WHEN hour <= %(settled)s THEN 'settled' WHEN hour <= %(closed)s THEN 'on-time' ELSE 'provisional' END,
    hour IN (SELECT hours_in_doubt.hour FROM hours_in_doubt),
    sum(delivered_ms)::bigint,
    coalesce(sum(delivered_ms) FILTER (WHERE certainty = 'correction'), 0)::bigint,
    sum(deliveries)::bigint, sum(bytes)::bigint
FROM {chosen} AS chosen
GROUP BY hour, environment_id, asset_id, tier
ORDER BY hour, environment_id, asset_id, tier
