-- The chosen usage by hour and environment, those beside `named` as one that is NULL: (hour, environment, ms).
SELECT hour, CASE WHEN environment_id = ANY(%(named)s) THEN environment_id END, sum(delivered_ms)::bigint
FROM {chosen} AS chosen
GROUP BY 1, 2
ORDER BY 1, 2
