-- What became of every line of the hours, a batch counted once: (kind, name, count) with kind batches, copies,
-- records, replayed, outcome or rejected.
WITH counted AS (
    SELECT DISTINCT ON (hour, batch_id) hour, batch_id, boot_id, records, outcomes, rejected
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
    ORDER BY hour, batch_id, path DESC
), batches AS (
    SELECT count(*) AS batches, coalesce(sum(records), 0) AS records FROM counted
), arrivals AS (
    SELECT coalesce(sum(1 + copies), 0) AS arrived
    FROM batch_ledger
    WHERE hour BETWEEN %(first)s AND %(last)s
)
SELECT 'batches' AS kind, '' AS name, batches AS count FROM batches
UNION ALL SELECT 'copies', '', (arrived - batches)::bigint FROM batches, arrivals
UNION ALL SELECT 'records', '', records FROM batches
UNION ALL SELECT 'replayed', '', coalesce(sum(records), 0)::bigint
    FROM counted WHERE starts_with(boot_id, %(replays)s)
UNION ALL SELECT 'outcome', entry.key, sum(entry.value::bigint)::bigint
    FROM counted, jsonb_each_text(outcomes) AS entry GROUP BY entry.key
UNION ALL SELECT 'rejected', entry.key, sum(entry.value::bigint)::bigint
    FROM counted, jsonb_each_text(rejected) AS entry GROUP BY entry.key
