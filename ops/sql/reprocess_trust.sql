-- The recount takes the doubt from its hours, unless what was wrong had a hand in the recount too. One of enriched finds
-- batches as they were enriched: those of a broken build may be told by their builds, those of wrong settings by nothing.
DELETE FROM hours_in_doubt AS doubted
WHERE hour BETWEEN %(first)s AND %(last)s
    AND NOT (%(source)s = 'enriched' AND job = 'enrichment')
    AND NOT EXISTS (
        SELECT FROM {shadow}.batch_ledger AS counted
        JOIN broken_builds AS broken ON broken.build = build_of(broken.job, counted.builds)
        WHERE counted.hour = doubted.hour)
