-- Batches that the live ledger has and the shadow lacks: replacing would lose their lines.
SELECT DISTINCT hour, source_id, batch_id
FROM batch_ledger AS live
WHERE
    hour BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (
        SELECT FROM {shadow}.batch_ledger AS shadow
        WHERE shadow.hour = live.hour AND shadow.batch_id = live.batch_id)
ORDER BY hour, source_id, batch_id
