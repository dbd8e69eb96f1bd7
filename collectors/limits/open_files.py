"""As many open files as the system lets this process have: each connection is one."""

from __future__ import annotations

import logging
import resource
from typing import Final

log = logging.getLogger(__name__)

#: Files that are no connections: Kafka's, the spool's, the interpreter's.
_OTHERS: Final = 200


def make_room_for(connections: int) -> None:
    """Raise the soft limit to the hard one, and warn if that is not enough: a process at its limit accepts nobody."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < connections + _OTHERS:
        log.warning(
            "this process may open %d files, and the limits of connections add up to %d: raise its limit (ulimit -Hn) "
            "or lower COLLECTOR_MAX_CONNECTIONS and the listeners' max_connections",
            hard,
            connections,
        )
