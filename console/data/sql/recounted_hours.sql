-- Hours of a period that `reprocess` has counted anew.
SELECT hour FROM hour_takeover WHERE hour BETWEEN %(first)s AND %(last)s
