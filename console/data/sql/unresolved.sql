-- Assets of a period that were requested and could not be resolved, the most requested first: (asset, first hour, last
-- hour, records, how many such assets there are).
SELECT
    asset.key, min(hour), max(hour), sum(asset.value::bigint)::bigint AS records, count(*) OVER ()
FROM batch_ledger, jsonb_each_text(unresolved_assets) AS asset
WHERE hour BETWEEN %(first)s AND %(last)s AND unresolved_assets <> '{}'
GROUP BY asset.key
ORDER BY records DESC, asset.key
LIMIT %(limit)s
