-- The lines of one statement, from the draft.
INSERT INTO statement_lines (statement_id, kind, hour, asset_id, tier, delivered_ms, deliveries, bytes)
SELECT statement_id, kind, hour, asset_id, tier, delivered_ms, deliveries, bytes
FROM statements JOIN draft USING (environment_id)
WHERE statement_id = %(statement)s
