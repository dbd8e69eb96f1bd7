-- What collectors say Kafka has acknowledged, by process and source, and what of it stands in the ledger. A copy
-- that deduplication dropped was acknowledged too, but the ledger knows only its source, not who wrote it. Processes
-- that were gone before `since` are left out: what they wrote lies further back. What a process has published after the
-- heartbeat that says this makes up for nothing that is lost.
WITH batch AS (
    SELECT
        source_id, boot_id, records, copies, published_at,
        (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(rejected)) AS rejected
    FROM batch_ledger
), present AS (
    SELECT
        source_id, boot_id,
        count(*) FILTER (WHERE could_be_claimed) AS batches,
        sum(records) FILTER (WHERE could_be_claimed) AS records,
        sum(rejected) FILTER (WHERE could_be_claimed) AS rejected,
        max(published_at) AS last_published_at
    FROM (
        SELECT batch.*, told_at IS NULL OR published_at <= told_at AS could_be_claimed
        FROM batch LEFT JOIN acknowledged USING (source_id, boot_id)
    ) AS judged
    GROUP BY source_id, boot_id
), copied AS (
    SELECT
        source_id, sum(copies) AS batches, sum(copies * records) AS records, sum(copies * rejected) AS rejected
    FROM batch
    GROUP BY source_id
)
SELECT
    said.source_id, said.boot_id,
    said.batches, said.records, said.rejected,
    coalesce(present.batches, 0)::bigint, coalesce(present.records, 0)::bigint, coalesce(present.rejected, 0)::bigint,
    coalesce(copied.batches, 0)::bigint, coalesce(copied.records, 0)::bigint, coalesce(copied.rejected, 0)::bigint,
    lacking.first_hour, lacking.last_hour
FROM acknowledged AS said
LEFT JOIN present USING (source_id, boot_id)
LEFT JOIN copied USING (source_id)
-- Hours of its heartbeats in which it began to claim more than the ledger has, and came to lack all that it lacks now.
-- Clocks of collectors and of the database may differ by two minutes.
LEFT JOIN LATERAL (
    SELECT
        min(told_hour) FILTER (WHERE lacks > 0) AS first_hour,
        min(told_hour) FILTER (WHERE lacks >= said.batches - coalesce(present.batches, 0)) AS last_hour
    FROM (
        SELECT told_hour, batches - (
            SELECT count(*) FROM batch_ledger
            WHERE batch_ledger.source_id = claim.source_id AND batch_ledger.boot_id = claim.boot_id
                AND published_at <= told_at + interval '2 minutes') AS lacks
        FROM collector_claims AS claim
        WHERE claim.source_id = said.source_id AND claim.boot_id = said.boot_id
    ) AS history
) AS lacking ON said.batches > coalesce(present.batches, 0)
WHERE said.updated_at >= %(since)s OR present.last_published_at >= %(since)s
ORDER BY said.source_id, said.boot_id
