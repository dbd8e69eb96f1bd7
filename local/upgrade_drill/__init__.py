"""A drill: both jobs are upgraded under load, and rolled back where a build is broken; then the bill of it."""
