-- Says which asset has changed, once the change is committed. `python -m ops.assets follow` listens, and has every
-- running job read the asset anew. One table's triggers can be switched off for a bulk load:
-- ALTER TABLE renditions DISABLE TRIGGER USER.

CREATE FUNCTION announce_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('asset_changed', OLD.asset_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('asset_changed', NEW.asset_id);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON assets
    FOR EACH ROW EXECUTE FUNCTION announce_asset();

CREATE TRIGGER announce AFTER INSERT OR DELETE ON renditions
    FOR EACH ROW EXECUTE FUNCTION announce_asset();

-- Segments added at the end, as a live stream does every few seconds, change nothing that is known: whoever is asked
-- for a segment that it does not know reads the asset again anyway.
CREATE TRIGGER announce_unless_grown AFTER UPDATE ON renditions
    FOR EACH ROW
    WHEN (
        (OLD.asset_id, OLD.name, OLD.media_type, OLD.height, OLD.codecs, OLD.bandwidth_bps, OLD.first_segment,
         OLD.fixed_segment_ms, OLD.part_ms, OLD.low_latency_billing, OLD.segment_ms)
        IS DISTINCT FROM
        (NEW.asset_id, NEW.name, NEW.media_type, NEW.height, NEW.codecs, NEW.bandwidth_bps, NEW.first_segment,
         NEW.fixed_segment_ms, NEW.part_ms, NEW.low_latency_billing, NEW.segment_ms[:cardinality(OLD.segment_ms)])
    )
    EXECUTE FUNCTION announce_asset();
