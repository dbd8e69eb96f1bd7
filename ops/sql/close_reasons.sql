-- Why one statement adjusts earlier hours: their batches that the statement before cannot have known. Those were
-- recorded after it, or stand in an hour that no statement covers, or that could still grow when it was made: a batch
-- may have been recorded, and its window not have fired.
WITH mine AS (
    SELECT statement_id, environment_id, first_hour FROM statements WHERE statement_id = %(statement)s
), earlier AS (
    SELECT statements.* FROM statements JOIN mine USING (environment_id)
    WHERE statements.first_hour < mine.first_hour
), previous AS (
    SELECT closed_at, watermark FROM earlier ORDER BY first_hour DESC LIMIT 1
), adjusted AS (
    SELECT
        hour,
        EXISTS (SELECT FROM earlier WHERE hour BETWEEN first_hour AND last_hour)
        AND EXISTS (SELECT FROM previous WHERE watermark >= hour + %(settled_after)s) AS was_settled
    FROM (SELECT DISTINCT hour FROM statement_lines JOIN mine USING (statement_id) WHERE kind = 'adjustment') AS line
)
INSERT INTO statement_reasons (statement_id, hour, batch_id, path, source_id, billed_ms, epoch, recorded_at)
SELECT
    mine.statement_id, hour, batch_id, path, source_id,
    CASE WHEN environments IS NULL THEN billed_ms ELSE coalesce((environments -> environment_id ->> 0)::bigint, 0) END,
    epoch, recorded_at
FROM mine CROSS JOIN adjusted JOIN batch_ledger AS ledger USING (hour)
WHERE
    (NOT was_settled OR recorded_at > (SELECT closed_at FROM previous))
    -- One that a recount has changed may have billed this environment before.
    AND (epoch > 0 OR environments IS NULL OR environments ? environment_id)
