-- The chosen usage of some assets by tier: (environment, asset, tier, ms).
SELECT environment_id, asset_id, tier, sum(delivered_ms)::bigint
FROM {chosen} AS chosen
WHERE asset_id = ANY(%(assets)s)
GROUP BY environment_id, asset_id, tier
ORDER BY environment_id, asset_id, tier
