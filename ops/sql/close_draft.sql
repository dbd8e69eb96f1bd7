-- What each environment's next statement holds, read at one moment: of every hour up to the period's last, the bill less
-- all that its statements say so far.
CREATE TEMPORARY TABLE draft ON COMMIT DROP AS
WITH amount AS (
    SELECT environment_id, hour, asset_id, tier, delivered_ms, deliveries, bytes
    FROM billable_usage
    WHERE environment_id = ANY(%(environments)s) AND hour <= %(last)s
    UNION ALL
    SELECT environment_id, hour, asset_id, tier, -delivered_ms, -deliveries, -bytes
    FROM statements JOIN statement_lines USING (statement_id)
    WHERE environment_id = ANY(%(environments)s)
)
SELECT
    environment_id,
    CASE WHEN hour < %(first)s THEN 'adjustment' ELSE 'usage' END AS kind,
    hour, asset_id, tier,
    sum(delivered_ms)::bigint AS delivered_ms, sum(deliveries)::bigint AS deliveries, sum(bytes)::bigint AS bytes
FROM amount
GROUP BY environment_id, hour, asset_id, tier
HAVING (sum(delivered_ms), sum(deliveries), sum(bytes)) <> (0, 0, 0)
