-- Batches whose account the shadow adds or changes. A batch counts once, a window row before a late one. What says
-- nothing of the bill is left out: builds, copies, and which of several copies was kept.
WITH live AS (
    SELECT DISTINCT ON (hour, batch_id)
        hour, batch_id, records, billed_ms, outcomes, rejected, unresolved_assets, rule_version
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), shadow AS (
    SELECT DISTINCT ON (hour, batch_id)
        hour, batch_id, records, billed_ms, outcomes, rejected, unresolved_assets, rule_version
    FROM {shadow}.batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
)
SELECT count(*) FILTER (WHERE live.records IS NULL), count(*) FILTER (WHERE live.records IS NOT NULL)
FROM live FULL JOIN shadow USING (hour, batch_id)
WHERE
    (live.records, live.billed_ms, live.outcomes, live.rejected, live.unresolved_assets, live.rule_version)
    IS DISTINCT FROM (
        shadow.records, shadow.billed_ms, shadow.outcomes, shadow.rejected, shadow.unresolved_assets,
        shadow.rule_version)
