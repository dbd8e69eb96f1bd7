-- Batches by source whose account the shadow adds, changes or drops, with the first and last of their hours. A batch
-- counts once, a window row before a late one. Left out is what may differ between two counts of the same messages:
-- builds, which of several copies was kept, copies beyond those in raw, which the pipeline itself may have made, and
-- which batch bills what several share (shared_batch, made before).
-- A late batch has changed too where its corrections have: the bill may have been made to agree.
-- Batches of rejects stand at hour 1970-01-01: the shadow has those published in the hours, and they are only added.
WITH live_corrections AS (
    SELECT hour, batch_id, array_agg(
        (environment_id, asset_id, tier, delivered_ms, deliveries, bytes)::text ORDER BY environment_id, asset_id, tier
    ) AS corrections
    FROM media_usage_corrections
    WHERE hour BETWEEN %(first)s AND %(last)s
    GROUP BY hour, batch_id
), shadow_corrections AS (
    SELECT hour, batch_id, array_agg(
        (environment_id, asset_id, tier, delivered_ms, deliveries, bytes)::text ORDER BY environment_id, asset_id, tier
    ) AS corrections
    FROM {shadow}.media_usage_corrections
    WHERE hour BETWEEN %(first)s AND %(last)s
    GROUP BY hour, batch_id
), live AS (
    SELECT DISTINCT ON (hour, batch_id)
        hour, batch_id, path, source_id, boot_id, records, billed_ms, outcomes, rejected, unresolved_assets,
        rule_version, environments, sum(1 + copies) OVER (PARTITION BY hour, batch_id) AS arrivals
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), shadow AS (
    SELECT DISTINCT ON (hour, batch_id)
        hour, batch_id, path, source_id, boot_id, records, billed_ms, outcomes, rejected, unresolved_assets,
        rule_version, environments, sum(1 + copies) OVER (PARTITION BY hour, batch_id) AS arrivals
    FROM {shadow}.batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
)
SELECT
    coalesce(shadow.source_id, live.source_id) AS source,
    count(*) FILTER (WHERE live.hour IS NULL) AS added,
    count(*) FILTER (WHERE live.hour IS NOT NULL AND shadow.hour IS NOT NULL) AS changed,
    count(*) FILTER (WHERE shadow.hour IS NULL) AS dropped,
    min(hour), max(hour)
FROM live FULL JOIN shadow USING (hour, batch_id)
LEFT JOIN live_corrections USING (hour, batch_id)
LEFT JOIN shadow_corrections USING (hour, batch_id)
LEFT JOIN shared_batch AS shared USING (hour, batch_id)
WHERE
    (live.source_id, live.records, live.rejected, live.rule_version)
    IS DISTINCT FROM (shadow.source_id, shadow.records, shadow.rejected, shadow.rule_version)
    OR shared.hour IS NULL AND (
        (live.billed_ms, live.outcomes, live.unresolved_assets)
        IS DISTINCT FROM (shadow.billed_ms, shadow.outcomes, shadow.unresolved_assets)
        -- Rows of an earlier release do not have them.
        OR live.environments <> shadow.environments
        OR live.path = 'late' AND shadow.path = 'late'
            AND live_corrections.corrections IS DISTINCT FROM shadow_corrections.corrections)
    OR live.arrivals < shadow.arrivals
    OR shadow.arrivals = 1 AND live.boot_id <> shadow.boot_id
GROUP BY source
UNION ALL
SELECT source_id, count(DISTINCT batch_id), 0, 0, hour, hour
FROM {shadow}.batch_ledger AS shadow
WHERE hour = timestamptz 'epoch' AND NOT EXISTS (
    SELECT FROM batch_ledger AS live WHERE live.hour = shadow.hour AND live.batch_id = shadow.batch_id)
GROUP BY source_id, hour
ORDER BY source, min
