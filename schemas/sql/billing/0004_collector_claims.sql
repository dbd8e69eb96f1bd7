-- What each collector process had claimed by the end of each hour of the database's clock: collector_totals with a past,
-- so that a loss has a time. Kept by a trigger; the job knows nothing of it.
CREATE TABLE collector_claims (
    boot_id   text NOT NULL,
    source_id text NOT NULL,
    -- Of the last heartbeat in its hour.
    told_at   timestamptz NOT NULL,
    told_hour timestamptz NOT NULL,
    batches   bigint NOT NULL,
    PRIMARY KEY (boot_id, source_id, told_hour)
);

CREATE FUNCTION keep_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO collector_claims (boot_id, source_id, told_at, told_hour, batches)
    VALUES (NEW.boot_id, NEW.source_id, NEW.updated_at, date_trunc('hour', NEW.updated_at, 'UTC'), NEW.batches)
    ON CONFLICT (boot_id, source_id, told_hour) DO UPDATE SET told_at = excluded.told_at, batches = excluded.batches;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_claim AFTER INSERT OR UPDATE ON collector_totals
    FOR EACH ROW EXECUTE FUNCTION keep_claim();
