-- Hours that a broken build had a hand in: marked until reprocess has counted them anew with one that is not.
-- Written by ops.doubt and ops.reprocess; the jobs know nothing of it.

-- A build is known by its code, so what was broken once stays broken.
CREATE TABLE broken_builds (
    job       text NOT NULL CHECK (job IN ('enrichment', 'media-usage')),
    build     text NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job, build)
);

CREATE TABLE hours_in_doubt (
    hour      timestamptz NOT NULL,
    job       text NOT NULL,
    -- Empty where the code was right and its settings were not.
    build     text NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hour, job, build)
);

-- The builds in a ledger row are "collector/enrichment/media usage".
CREATE FUNCTION build_of(job text, builds text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT split_part(builds, '/', CASE job WHEN 'enrichment' THEN 2 ELSE 3 END)
$$;

-- What a broken enrichment build has committed, the media-usage job may still be about to count.
CREATE FUNCTION doubt_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hours_in_doubt (hour, job, build)
    SELECT NEW.hour, job, build FROM broken_builds
    WHERE build = build_of(job, NEW.builds) AND NEW.hour <> timestamptz 'epoch'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER doubt_batch AFTER INSERT ON batch_ledger
    FOR EACH ROW EXECUTE FUNCTION doubt_batch();

CREATE OR REPLACE VIEW billable_usage AS
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
    END AS state,
    -- A broken build had a hand in it: not to be billed before it is reprocessed.
    hour IN (SELECT doubted.hour FROM hours_in_doubt AS doubted) AS in_doubt
FROM counted
GROUP BY hour, environment_id, asset_id, tier;
