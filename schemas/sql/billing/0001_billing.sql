-- Hourly sums, corrections and the ledger of batches. Written by the media-usage job and by reprocess only.
-- Names are unqualified: reprocess applies this file to a schema of its own, and its job writes there.

-- Absolute sums of on-time batches, one row per hour, customer environment, asset and resolution tier.
CREATE TABLE media_usage (
    hour           timestamptz NOT NULL,
    environment_id text NOT NULL,
    asset_id       text NOT NULL,
    tier           text NOT NULL,
    -- Milliseconds of media successfully delivered. Money is never a float: views turn it into numeric seconds.
    delivered_ms   bigint NOT NULL CHECK (delivered_ms >= 0),
    deliveries     bigint NOT NULL CHECK (deliveries >= 0),
    bytes          bigint NOT NULL CHECK (bytes >= 0),
    -- Records in the sums: only grows within an epoch, and so tells which of two writes knows more.
    records        bigint NOT NULL CHECK (records >= 0),
    -- 0: the live job; higher: the reprocess run that took the hour over.
    epoch          bigint NOT NULL DEFAULT 0,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hour, environment_id, asset_id, tier)
);
CREATE INDEX media_usage_by_environment ON media_usage (environment_id, hour);

-- Absolute sums of one late batch each.
CREATE TABLE media_usage_corrections (
    hour           timestamptz NOT NULL,
    batch_id       text NOT NULL,
    environment_id text NOT NULL,
    asset_id       text NOT NULL,
    tier           text NOT NULL,
    delivered_ms   bigint NOT NULL CHECK (delivered_ms >= 0),
    deliveries     bigint NOT NULL CHECK (deliveries >= 0),
    bytes          bigint NOT NULL CHECK (bytes >= 0),
    records        bigint NOT NULL CHECK (records >= 0),
    epoch          bigint NOT NULL DEFAULT 0,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (batch_id, environment_id, asset_id, tier)
);
CREATE INDEX media_usage_corrections_by_hour ON media_usage_corrections (hour);

-- One row a batch: what became of each of its lines. Batches of rejects only stand at hour 1970-01-01.
CREATE TABLE batch_ledger (
    hour              timestamptz NOT NULL,
    batch_id          text NOT NULL,
    path              text NOT NULL CHECK (path IN ('window', 'late')),
    -- Collector process that wrote the copy which was counted; '' where no collector did.
    boot_id           text NOT NULL DEFAULT '',
    source_id         text NOT NULL,
    received_at       timestamptz NOT NULL,
    published_at      timestamptz NOT NULL,
    records           integer NOT NULL,
    billed_ms         bigint NOT NULL,
    -- Records by outcome of the billing rule ("billed", "not-modified", "unresolved-unknown-asset", ...).
    outcomes          jsonb NOT NULL,
    -- Lines that became no record, by reason.
    rejected          jsonb NOT NULL,
    -- Records by asset id that could not be resolved.
    unresolved_assets jsonb NOT NULL,
    -- Further copies of the batch, dropped by deduplication.
    copies            bigint NOT NULL,
    rule_version      text NOT NULL,
    -- Builds that had a hand in it: collector, enrichment, media usage.
    builds            text NOT NULL,
    epoch             bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (hour, batch_id, path)
) PARTITION BY RANGE (hour);
CREATE TABLE batch_ledger_default PARTITION OF batch_ledger DEFAULT;
CREATE INDEX batch_ledger_by_source ON batch_ledger (source_id, hour);

-- Daily partitions for [first, last]; rows that already sit in the default partition move into theirs.
-- Writers wait meanwhile: a row that reached the default partition between move and attach would fail the attach.
CREATE FUNCTION ensure_ledger_partitions(first date, last date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day date;
    partition text;
BEGIN
    LOCK TABLE batch_ledger IN EXCLUSIVE MODE;
    FOR day IN SELECT generate_series(first, last, interval '1 day')::date LOOP
        partition := 'batch_ledger_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE batch_ledger INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format(
            'WITH moved AS (DELETE FROM batch_ledger_default WHERE hour >= %L AND hour < %L RETURNING *) '
            'INSERT INTO %I SELECT * FROM moved',
            day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC', partition);
        EXECUTE format(
            'ALTER TABLE batch_ledger ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END $$;

-- Totals of each collector process by source, from its newest heartbeat: what must be in the ledger.
CREATE TABLE collector_totals (
    boot_id    text NOT NULL,
    source_id  text NOT NULL,
    batches    bigint NOT NULL,
    records    bigint NOT NULL,
    rejected   bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (boot_id, source_id)
);

-- How far each job has seen event time.
CREATE TABLE job_watermark (
    job        text PRIMARY KEY,
    watermark  timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Epochs of reprocess runs; the live job's is 0.
CREATE SEQUENCE reprocess_epoch AS bigint START 1;

-- Hours that a reprocess run has taken over: nothing of a lower epoch is accepted for them any more.
CREATE TABLE hour_takeover (
    hour     timestamptz PRIMARY KEY,
    epoch    bigint NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now()
);

-- The bill: sums of on-time batches plus those corrections whose batch no window has counted.
CREATE VIEW billable_usage AS
WITH counted AS (
    SELECT hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes FROM media_usage
    UNION ALL
    SELECT hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
    FROM media_usage_corrections AS correction
    WHERE NOT EXISTS (
        SELECT FROM batch_ledger AS ledger
        WHERE ledger.hour = correction.hour AND ledger.batch_id = correction.batch_id AND ledger.path = 'window')
)
SELECT
    hour, environment_id, asset_id, tier,
    sum(delivered_ms)::bigint AS delivered_ms,
    round(sum(delivered_ms) / 1000.0, 3) AS delivered_seconds,
    sum(deliveries)::bigint AS deliveries,
    sum(bytes)::bigint AS bytes,
    CASE
        WHEN hour + interval '73 hours' <= (SELECT watermark FROM job_watermark WHERE job = 'media-usage') THEN 'settled'
        WHEN hour + interval '1 hour' <= (SELECT watermark FROM job_watermark WHERE job = 'media-usage') THEN 'on-time'
        ELSE 'provisional'
    END AS state
FROM counted
GROUP BY hour, environment_id, asset_id, tier;

-- Assets that were requested and could not be resolved: a queue to work off, never a silent zero.
CREATE VIEW unresolved_assets AS
SELECT
    asset.key AS asset_id,
    min(ledger.hour) AS first_hour,
    max(ledger.hour) AS last_hour,
    sum(asset.value::bigint)::bigint AS records
FROM batch_ledger AS ledger, jsonb_each_text(ledger.unresolved_assets) AS asset
GROUP BY asset.key;
