-- The lines of one statement, in order.
SELECT kind, hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes
FROM statement_lines JOIN statements USING (statement_id)
WHERE statement_id = %(statement)s
ORDER BY kind DESC, hour, asset_id, tier
