-- Enrichment leaves an asset unresolved whose segment_ms it cannot read. So whoever writes such a row is told at once.
-- 0 stays allowed: a segment that was never made keeps its place in the list, and is unresolved if it is delivered.
-- NOT VALID: rows that are there already stop no migration, but cannot be changed without being mended.
-- CASE, because array_position refuses arrays of more than one dimension with an error of its own.
ALTER TABLE renditions
    ADD CONSTRAINT renditions_segment_ms_check CHECK (
        CASE WHEN coalesce(array_ndims(segment_ms), 1) > 1 THEN false
             ELSE array_position(segment_ms, NULL) IS NULL AND 0 <= ALL (segment_ms) END
    ) NOT VALID;
