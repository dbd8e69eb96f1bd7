-- What the platform knows of its media: read by enrichment, one row a rendition.

CREATE TABLE environments (
    environment_id text PRIMARY KEY CHECK (environment_id <> ''),
    name           text NOT NULL
);

CREATE TABLE assets (
    -- As request paths spell it; unique across environments.
    asset_id       text PRIMARY KEY CHECK (asset_id <> ''),
    environment_id text NOT NULL REFERENCES environments,
    created_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE renditions (
    asset_id         text NOT NULL REFERENCES assets ON DELETE CASCADE,
    -- As request paths spell it.
    name             text NOT NULL CHECK (name <> ''),
    media_type       text NOT NULL CHECK (media_type IN ('video', 'audio')),
    -- Picture height in pixels; 0 for audio.
    height           integer NOT NULL DEFAULT 0 CHECK (height >= 0),
    codecs           text NOT NULL DEFAULT '',
    bandwidth_bps    integer NOT NULL DEFAULT 0 CHECK (bandwidth_bps >= 0),
    -- Number of the first segment in segment_ms.
    first_segment    integer NOT NULL DEFAULT 0 CHECK (first_segment >= 0),
    -- Exact duration of every segment in milliseconds.
    segment_ms       integer[] NOT NULL DEFAULT '{}',
    -- Duration of each segment where the asset is marked as having a fixed one; 0 otherwise.
    fixed_segment_ms integer NOT NULL DEFAULT 0 CHECK (fixed_segment_ms >= 0),
    -- Duration of each LL-HLS part; 0 without parts.
    part_ms          integer NOT NULL DEFAULT 0 CHECK (part_ms >= 0),
    -- LL-HLS: which of the two bills, never both.
    low_latency_billing text NOT NULL DEFAULT 'segments' CHECK (low_latency_billing IN ('segments', 'parts')),
    PRIMARY KEY (asset_id, name)
);
