-- Batches that the live tables have and the shadow lacks: replacing would lose their lines. Corrections may stand
-- without their batch's row in the ledger: a release that had a sink for each table wrote them before it.
-- A batch that a window has counted is lacking too where the shadow has a late copy of it only, because raw has lost
-- the one on time: should the live job read that again, its row in the ledger would end the correction, and its sums
-- would be refused, the hour being taken over.
SELECT DISTINCT hour, source_id, batch_id
FROM (
    SELECT hour, source_id, batch_id, path FROM batch_ledger
    UNION
    SELECT hour, '', batch_id, 'late' FROM media_usage_corrections AS correction
    WHERE NOT EXISTS (
        SELECT FROM batch_ledger AS ledger
        WHERE ledger.hour = correction.hour AND ledger.batch_id = correction.batch_id)
) AS live
WHERE
    hour BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (
        SELECT FROM {shadow}.batch_ledger AS shadow
        WHERE shadow.hour = live.hour AND shadow.batch_id = live.batch_id AND shadow.path IN (live.path, 'window'))
ORDER BY hour, source_id, batch_id
