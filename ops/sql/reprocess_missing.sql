-- Batches that the live tables have and the shadow lacks: replacing would lose their lines. Corrections may stand before
-- their batch's row in the ledger: each table has a sink of its own, which flushes when it likes.
SELECT hour, source_id, batch_id
FROM (
    SELECT hour, source_id, batch_id FROM batch_ledger
    UNION
    SELECT hour, '', batch_id FROM media_usage_corrections AS correction
    WHERE NOT EXISTS (
        SELECT FROM batch_ledger AS ledger
        WHERE ledger.hour = correction.hour AND ledger.batch_id = correction.batch_id)
) AS live
WHERE
    hour BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (
        SELECT FROM {shadow}.batch_ledger AS shadow
        WHERE shadow.hour = live.hour AND shadow.batch_id = live.batch_id)
ORDER BY hour, source_id, batch_id
