-- Hours of a period that `reprocess` has counted anew, and those that a broken build had a hand in: (hour, in doubt).
SELECT hour, false FROM hour_takeover WHERE hour BETWEEN %(first)s AND %(last)s
UNION
SELECT hour, true FROM hours_in_doubt WHERE hour BETWEEN %(first)s AND %(last)s
