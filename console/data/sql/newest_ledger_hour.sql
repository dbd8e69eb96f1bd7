-- The newest hour that has a batch; batches of rejected lines only stand in none.
SELECT max(hour) FROM batch_ledger WHERE hour <= %(now)s AND hour > 'epoch'
