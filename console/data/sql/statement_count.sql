SELECT count(*) FROM statements WHERE %(environment)s::text IS NULL OR environment_id = %(environment)s
