-- Renditions of pictures for seeking (I-frames or images) with segments of their own: never billed.
ALTER TABLE renditions
    DROP CONSTRAINT renditions_media_type_check,
    ADD CONSTRAINT renditions_media_type_check CHECK (media_type IN ('video', 'audio', 'trick-play'));
