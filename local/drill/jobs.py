"""Both jobs as a drill runs them: what takes minutes in production takes seconds, and state is where it is there."""

from __future__ import annotations

from typing import Final

ENRICHMENT: Final = "jobs.enrichment"
MEDIA_USAGE: Final = "jobs.media_usage"
MODULES: Final = (ENRICHMENT, MEDIA_USAGE)
#: Consumer groups under which the jobs commit their offsets.
ENRICHMENT_GROUP: Final = "enrichment"
USAGE_GROUP: Final = "media-usage"

#: Their order is checked by the job, as in production: look-up < cancellation < checkpoint < transaction.
LOOKUP_WAIT_S: Final = 10
#: A drill says them at its start.
SHORTENED: Final = {
    "execution.checkpointing.interval": "5 s",
    "execution.checkpointing.min-pause": "1 s",
    "execution.checkpointing.timeout": "40 s",
    "task.cancellation.timeout": "20 s",
    # Thirty failures in half an hour would each wait a minute, which proves nothing but patience.
    "restart-strategy.exponential-delay.max-backoff": "2 s",
}
#: As flink-conf/media-usage.yaml says for production: identities of ten million lines do not fit a small heap.
ROCKSDB: Final = {
    "state.backend.type": "rocksdb",
    "execution.checkpointing.incremental": "true",
    "state.backend.rocksdb.timer-service.factory": "ROCKSDB",
}
#: Megabytes of a TaskManager for it.
ROCKSDB_MB: Final = 256
