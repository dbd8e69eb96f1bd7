-- Put the shadow's hours in the place of the live ones. Run in one transaction, with the tables locked, after the
-- difference was measured (shared_batch).

CREATE TEMPORARY TABLE replaced ON COMMIT DROP AS
SELECT * FROM batch_ledger WHERE hour BETWEEN %(first)s AND %(last)s;

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

-- A batch whose account stays as it was keeps the time of its record: an adjustment names what has changed. So does one
-- that bills more or less of what it shares with others, where they bill the same together.
INSERT INTO batch_ledger
    (hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,
     unresolved_assets, copies, rule_version, builds, environments, compared, epoch, recorded_at)
SELECT
    counted.hour, counted.batch_id, counted.path, counted.boot_id, counted.source_id, counted.received_at,
    counted.published_at, counted.records, counted.billed_ms, counted.outcomes, counted.rejected,
    counted.unresolved_assets, counted.copies, counted.rule_version, counted.builds, counted.environments,
    counted.compared, %(epoch)s,
    CASE
        WHEN shared.hour IS NOT NULL AND replaced.hour IS NOT NULL OR
             (replaced.records, replaced.billed_ms, replaced.outcomes, replaced.rejected, replaced.unresolved_assets,
              replaced.rule_version, coalesce(replaced.environments, counted.environments))
        IS NOT DISTINCT FROM (
              counted.records, counted.billed_ms, counted.outcomes, counted.rejected, counted.unresolved_assets,
              counted.rule_version, counted.environments)
        THEN replaced.recorded_at
        ELSE clock_timestamp()
    END
FROM {shadow}.batch_ledger AS counted
LEFT JOIN replaced USING (hour, batch_id, path)
LEFT JOIN shared_batch AS shared USING (hour, batch_id)
WHERE counted.hour BETWEEN %(first)s AND %(last)s;

-- Batches of rejects have no hour that could be replaced.
INSERT INTO batch_ledger
    (hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,
     unresolved_assets, copies, rule_version, builds, environments, compared, epoch)
SELECT
    hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms, outcomes, rejected,
    unresolved_assets, copies, rule_version, builds, environments, compared, %(epoch)s
FROM {shadow}.batch_ledger
WHERE hour = timestamptz 'epoch'
ON CONFLICT DO NOTHING;

-- Hours without a row too: the live job may still hold a firing for them.
INSERT INTO hour_takeover (hour, epoch)
SELECT hour, %(epoch)s FROM generate_series(%(first)s, %(last)s, interval '1 hour') AS hour
ON CONFLICT (hour) DO UPDATE SET epoch = excluded.epoch, taken_at = now();
