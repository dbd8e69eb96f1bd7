-- Batches whose accounts differ only in who bills what they share. Of a line that comes in several batches of a source
-- and hour the first one counts, and of a segment's ranges the first ones bill (jobs/media_usage/repeated_lines.py):
-- which batches those are goes by the order of reading. Together they say the same in any order, number by number;
-- where they do not, none of the source and hour is listed, and a batch that one of the two counts lacks never is.
-- A line that moves between a window and a correction is no such case: it always counts in the window.
-- The difference and the times of record look at it, in the transaction that made it.
CREATE TEMPORARY TABLE shared_batch ON COMMIT DROP AS
WITH live AS (
    SELECT DISTINCT ON (hour, batch_id)
        hour, batch_id, path, source_id, billed_ms, outcomes, unresolved_assets, environments
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), shadow AS (
    SELECT DISTINCT ON (hour, batch_id)
        hour, batch_id, path, source_id, billed_ms, outcomes, unresolved_assets, environments, compared
    FROM {shadow}.batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), candidate AS (
    SELECT
        hour, batch_id, source_id, path,
        -- Rows of an earlier release do not have them.
        bool_and(live.environments IS NOT NULL) OVER (PARTITION BY hour, source_id) AS told
    FROM live JOIN shadow USING (hour, batch_id, source_id, path)
    WHERE
        compared
        AND (live.outcomes ?| %(shares)s OR shadow.outcomes ?| %(shares)s)
        AND (
            (live.billed_ms, live.outcomes, live.unresolved_assets)
            IS DISTINCT FROM (shadow.billed_ms, shadow.outcomes, shadow.unresolved_assets)
            OR live.environments <> shadow.environments
            -- Its corrections may differ where its account does not.
            OR path = 'late')
), account AS (
    SELECT candidate.*, -1 AS sign, billed_ms, outcomes, unresolved_assets, environments
    FROM candidate JOIN live USING (hour, batch_id)
    UNION ALL
    SELECT candidate.*, 1, billed_ms, outcomes, unresolved_assets, environments
    FROM candidate JOIN shadow USING (hour, batch_id)
), correction AS (
    SELECT -1 AS sign, hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
    FROM media_usage_corrections
    WHERE hour BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT 1, hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
    FROM {shadow}.media_usage_corrections
    WHERE hour BETWEEN %(first)s AND %(last)s
), number AS (
    SELECT hour, source_id, ARRAY['billed'] AS name, sign * billed_ms AS amount FROM account
    UNION ALL
    SELECT hour, source_id, ARRAY['outcome', key], sign * value::bigint FROM account, jsonb_each_text(outcomes)
    UNION ALL
    SELECT hour, source_id, ARRAY['unresolved', key], sign * value::bigint
    FROM account, jsonb_each_text(unresolved_assets)
    UNION ALL
    SELECT hour, source_id, ARRAY['environment', environment.key, place::text], sign * share.value::bigint
    FROM account, jsonb_each(environments) AS environment,
        jsonb_array_elements_text(environment.value) WITH ORDINALITY AS share (value, place)
    WHERE told
    UNION ALL
    SELECT hour, source_id, ARRAY['correction', environment_id, asset_id, tier, place::text], sign * share.value
    FROM candidate JOIN correction USING (hour, batch_id),
        unnest(ARRAY[delivered_ms, deliveries, bytes]) WITH ORDINALITY AS share (value, place)
    WHERE path = 'late'
), different AS (
    SELECT hour, source_id FROM number GROUP BY hour, source_id, name HAVING sum(amount) <> 0
)
SELECT hour, batch_id FROM candidate
WHERE NOT EXISTS (
    SELECT FROM different WHERE different.hour = candidate.hour AND different.source_id = candidate.source_id)
