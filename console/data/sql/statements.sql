-- A page of statements, the newest first, of one environment or of all.
SELECT
    statement_id, environment_id, first_hour, last_hour, closed_at, closed_by, forced_because,
    usage_ms, adjustment_ms, delivered_ms, deliveries, bytes
FROM statement_totals
WHERE %(environment)s::text IS NULL OR environment_id = %(environment)s
ORDER BY statement_id DESC
LIMIT %(limit)s OFFSET %(offset)s
