-- The addends of the bill, told apart: what windows counted, and corrections that no window has. Sums of it are those of
-- billable_usage, without that view's grouping by hour, environment, asset and tier, which a month does not need.
CREATE VIEW counted_usage AS
SELECT hour, environment_id, asset_id, tier, 'window' AS path, delivered_ms, deliveries, bytes
FROM media_usage
UNION ALL
SELECT hour, environment_id, asset_id, tier, 'late', delivered_ms, deliveries, bytes
FROM media_usage_corrections AS correction
WHERE NOT EXISTS (
    SELECT FROM batch_ledger AS ledger
    WHERE ledger.hour = correction.hour AND ledger.batch_id = correction.batch_id AND ledger.path = 'window'
    -- Looks each correction's batch up in its own partition: as a join, all of the ledger is hashed for any period.
    OFFSET 0);
