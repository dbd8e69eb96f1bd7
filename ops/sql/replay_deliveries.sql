-- Batches of these sources and hours, with when their deliveries were received (epoch milliseconds).
SELECT batch_id, (extract(epoch FROM received_at) * 1000)::bigint
FROM batch_ledger
WHERE hour = ANY(%(hours)s) AND source_id = ANY(%(sources)s)
