"""Another build of a running job: stopped with a savepoint, started from it, and back again where that goes wrong."""
