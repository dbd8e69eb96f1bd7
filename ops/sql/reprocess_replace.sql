-- Put the shadow's hours in the place of the live ones. Run in one transaction, with the tables locked.

-- A batch whose account stays as it was keeps the time of its record: an adjustment names what has changed.
CREATE TEMPORARY TABLE replaced ON COMMIT DROP AS
SELECT hour, batch_id, path, records, billed_ms, outcomes, rejected, unresolved_assets, rule_version, recorded_at
FROM batch_ledger
WHERE hour BETWEEN %(first)s AND %(last)s;

DELETE FROM media_usage WHERE hour BETWEEN %(first)s AND %(last)s;
DELETE FROM media_usage_corrections WHERE hour BETWEEN %(first)s AND %(last)s;
DELETE FROM batch_ledger WHERE hour BETWEEN %(first)s AND %(last)s;

INSERT INTO media_usage (hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, epoch)
SELECT hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, %(epoch)s
FROM {shadow}.media_usage
WHERE hour BETWEEN %(first)s AND %(last)s;

INSERT INTO media_usage_corrections
    (hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, epoch)
SELECT hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, %(epoch)s
FROM {shadow}.media_usage_corrections
WHERE hour BETWEEN %(first)s AND %(last)s;

INSERT INTO batch_ledger
    (hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,
     unresolved_assets, copies, rule_version, builds, epoch, recorded_at)
SELECT
    hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,
    unresolved_assets, copies, rule_version, builds, %(epoch)s, coalesce(replaced.recorded_at, clock_timestamp())
FROM {shadow}.batch_ledger
LEFT JOIN replaced
    USING (hour, batch_id, path, records, billed_ms, outcomes, rejected, unresolved_assets, rule_version)
WHERE hour BETWEEN %(first)s AND %(last)s;

-- Hours without a row too: the live job may still hold a firing for them.
INSERT INTO hour_takeover (hour, epoch)
SELECT hour, %(epoch)s FROM generate_series(%(first)s, %(last)s, interval '1 hour') AS hour
ON CONFLICT (hour) DO UPDATE SET epoch = excluded.epoch, taken_at = now();
