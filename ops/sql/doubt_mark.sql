-- Hours that batches of a build are counted in, or (`since`) in which anything was written since a moment; both where
-- both are given. An hour that was billed as nothing has no rows but in the ledger. Run with the ledger locked, so that no
-- row of the build is under way unseen.
INSERT INTO hours_in_doubt (hour, job, build)
SELECT hour, %(job)s, %(build)s
FROM (
    SELECT hour FROM batch_ledger
    WHERE build_of(%(job)s, builds) = nullif(%(build)s, '') OR recorded_at >= %(since)s
    UNION
    SELECT hour FROM media_usage WHERE updated_at >= %(since)s
    UNION
    SELECT hour FROM media_usage_corrections WHERE updated_at >= %(since)s
) AS touched
WHERE hour <> timestamptz 'epoch'
ON CONFLICT DO NOTHING
