-- The newest hour that the ledger has of each source that collectors have told of.
SELECT source_id, newest.hour
FROM (SELECT DISTINCT source_id FROM collector_totals) AS known
CROSS JOIN LATERAL (
    SELECT max(hour) AS hour FROM batch_ledger
    -- Not the hour of those that have none.
    WHERE batch_ledger.source_id = known.source_id AND hour > '1970-01-01T00:00Z'
) AS newest
WHERE newest.hour IS NOT NULL
ORDER BY source_id
