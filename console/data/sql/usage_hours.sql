-- The chosen usage by hour, tier and certainty: (hour, tier, certainty, ms, deliveries, bytes).
SELECT
    hour, tier, certainty,
    sum(delivered_ms)::bigint AS delivered_ms, sum(deliveries)::bigint AS deliveries, sum(bytes)::bigint AS bytes
FROM {chosen} AS chosen
GROUP BY hour, tier, certainty
ORDER BY hour, tier, certainty
