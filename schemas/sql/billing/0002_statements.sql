-- Period close: what an environment was billed for a period, and never changes again. Written by ops.close only; the
-- jobs know nothing of periods. What changes afterwards stands in the environment's next statement as an adjustment.

-- When the batch was first counted, or last counted otherwise. A close reads the clock while no writer of the ledger is
-- at work, and this one is read under the writer's lock: a batch is in a statement, or it was recorded after it.
-- In two steps: a constant for the rows that are there, which rewrites nothing, then the clock for those that come.
ALTER TABLE batch_ledger ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE batch_ledger ALTER COLUMN recorded_at SET DEFAULT clock_timestamp();

CREATE TABLE statements (
    statement_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    environment_id text NOT NULL,
    -- Both included. Periods of one environment follow each other; hours between them come as adjustments.
    first_hour     timestamptz NOT NULL,
    last_hour      timestamptz NOT NULL CHECK (last_hour >= first_hour),
    -- What every line was read at.
    closed_at      timestamptz NOT NULL,
    closed_by      text NOT NULL,
    database_role  text NOT NULL DEFAULT session_user,
    -- Of the media-usage job at that moment; NULL where it had stored none.
    watermark      timestamptz,
    -- Set where the close was forced: why, and against what.
    forced_because text,
    objections     text[] NOT NULL DEFAULT '{}',
    written_in     xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (environment_id, first_hour),
    CHECK (forced_because IS NOT NULL OR objections = '{}')
);

-- Whole hours of the period, and of earlier hours what they differ by from all statements before.
CREATE TABLE statement_lines (
    statement_id bigint NOT NULL REFERENCES statements,
    kind         text NOT NULL CHECK (kind IN ('usage', 'adjustment')),
    hour         timestamptz NOT NULL,
    asset_id     text NOT NULL,
    tier         text NOT NULL,
    -- Negative where an adjustment takes back.
    delivered_ms bigint NOT NULL,
    deliveries   bigint NOT NULL,
    bytes        bigint NOT NULL,
    PRIMARY KEY (statement_id, hour, asset_id, tier)
);

-- Why an earlier hour was adjusted: its batches that were counted, or counted otherwise, since the statement before.
CREATE TABLE statement_reasons (
    statement_id bigint NOT NULL REFERENCES statements,
    hour         timestamptz NOT NULL,
    batch_id     text NOT NULL,
    path         text NOT NULL,
    source_id    text NOT NULL,
    billed_ms    bigint NOT NULL,
    -- Above 0: a reprocess run counted it anew.
    epoch        bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    PRIMARY KEY (statement_id, hour, batch_id, path)
);

CREATE FUNCTION refuse_statement_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a statement never changes: % of % is refused', TG_OP, TG_TABLE_NAME
        USING HINT = 'What is wrong in it comes right in the next statement, as an adjustment.';
END $$;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON statements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_reasons
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_change();

-- A statement is complete with the transaction that made it.
CREATE FUNCTION refuse_statement_addition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added JOIN statements USING (statement_id) WHERE written_in <> pg_current_xact_id()) THEN
        RAISE EXCEPTION 'a statement never changes: INSERT into % is refused', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER complete AFTER INSERT ON statement_lines REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_addition();
CREATE TRIGGER complete AFTER INSERT ON statement_reasons REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_statement_addition();

CREATE FUNCTION refuse_statement_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Two at once: the second waits here, and then sees the first.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.environment_id, 7310457003));
    IF EXISTS (
        SELECT FROM statements
        WHERE environment_id = NEW.environment_id AND last_hour >= NEW.first_hour) THEN
        RAISE EXCEPTION 'environment % is closed beyond %', NEW.environment_id, NEW.first_hour;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER in_order BEFORE INSERT ON statements
    FOR EACH ROW EXECUTE FUNCTION refuse_statement_overlap();

-- One row a statement, for people and invoices.
CREATE VIEW statement_totals AS
SELECT
    statement_id, environment_id, first_hour, last_hour, closed_at, closed_by, forced_because,
    coalesce(sum(delivered_ms) FILTER (WHERE kind = 'usage'), 0)::bigint AS usage_ms,
    coalesce(sum(delivered_ms) FILTER (WHERE kind = 'adjustment'), 0)::bigint AS adjustment_ms,
    coalesce(sum(delivered_ms), 0)::bigint AS delivered_ms,
    round(coalesce(sum(delivered_ms), 0) / 1000.0, 3) AS delivered_seconds,
    coalesce(sum(deliveries), 0)::bigint AS deliveries,
    coalesce(sum(bytes), 0)::bigint AS bytes
FROM statements LEFT JOIN statement_lines USING (statement_id)
GROUP BY statement_id;
