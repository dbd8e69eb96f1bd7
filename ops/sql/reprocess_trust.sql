-- The recount takes the doubt from its hours, unless a broken build had a hand in the recount too: one of enriched finds
-- the batches that a broken enrichment build has written.
DELETE FROM hours_in_doubt AS doubted
WHERE hour BETWEEN %(first)s AND %(last)s AND NOT EXISTS (
    SELECT FROM {shadow}.batch_ledger AS counted
    JOIN broken_builds AS broken ON broken.build = build_of(broken.job, counted.builds)
    WHERE counted.hour = doubted.hour)
