INSERT INTO statements
    (environment_id, first_hour, last_hour, closed_at, closed_by, watermark, forced_because, objections)
VALUES
    (%(environment)s, %(first)s, %(last)s, %(closed_at)s, %(closed_by)s, %(watermark)s, %(forced_because)s,
     %(objections)s)
RETURNING statement_id
