-- Ids of environments in order, each found by a look at the index, not by reading all usage.
WITH RECURSIVE known AS (
    (SELECT environment_id FROM media_usage ORDER BY environment_id LIMIT 1)
    UNION ALL
    SELECT (
        SELECT environment_id FROM media_usage
        WHERE media_usage.environment_id > known.environment_id
        ORDER BY environment_id LIMIT 1)
    FROM known
    WHERE environment_id IS NOT NULL
)
SELECT environment_id FROM known WHERE environment_id IS NOT NULL LIMIT %(limit)s
