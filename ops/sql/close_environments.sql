-- Environments that have anything on the bill up to the period's last hour, or in a statement.
SELECT environment_id FROM billable_usage WHERE hour <= %(last)s
UNION
SELECT environment_id FROM statements
ORDER BY environment_id
