-- The newest hour of all that has usage.
SELECT max(hour) FROM media_usage
