(
    -- What a choice of environments, asset, tier and hours leaves of the bill, and how certain each addend is.
    SELECT
        hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes,
        CASE
            WHEN path = 'late' THEN 'correction'
            WHEN hour <= %(settled)s THEN 'settled'
            WHEN hour <= %(closed)s THEN 'on-time'
            ELSE 'provisional'
        END AS certainty
    FROM counted_usage
    WHERE hour BETWEEN %(first)s AND %(last)s
        AND (%(environments)s::text[] IS NULL OR environment_id = ANY(%(environments)s))
        AND (%(asset)s::text IS NULL OR asset_id = %(asset)s)
        AND (%(tier)s::text IS NULL OR tier = %(tier)s)
)
