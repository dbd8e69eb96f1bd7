-- What collectors say Kafka has acknowledged, by process and source, and what of it stands in the ledger. A copy
-- that deduplication dropped was acknowledged too, but the ledger knows only its source, not who wrote it. Processes
-- that were gone before `since` are left out: what they wrote lies further back.
WITH batch AS (
    SELECT
        source_id, boot_id, records, copies, published_at,
        (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(rejected)) AS rejected
    FROM batch_ledger
), present AS (
    SELECT
        source_id, boot_id, count(*) AS batches, sum(records) AS records, sum(rejected) AS rejected,
        max(published_at) AS last_published_at
    FROM batch
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
    coalesce(copied.batches, 0)::bigint, coalesce(copied.records, 0)::bigint, coalesce(copied.rejected, 0)::bigint
FROM acknowledged AS said
LEFT JOIN present USING (source_id, boot_id)
LEFT JOIN copied USING (source_id)
WHERE said.updated_at >= %(since)s OR present.last_published_at >= %(since)s
ORDER BY said.source_id, said.boot_id
