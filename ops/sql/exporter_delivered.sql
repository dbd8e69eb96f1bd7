-- Milliseconds billed to each environment since an hour.
SELECT environment_id, sum(delivered_ms)::bigint
FROM billable_usage
WHERE hour >= %(since)s
GROUP BY environment_id
ORDER BY environment_id
