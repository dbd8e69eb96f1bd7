"""The listener of a syslog source, by its transport."""

from __future__ import annotations

from collectors.sources import Source
from collectors.syslog.datagrams import DatagramListener
from collectors.syslog.stream import StreamListener
from collectors.syslog.surroundings import Surroundings

SyslogListener = StreamListener | DatagramListener


def new_listener(source: Source, surroundings: Surroundings) -> SyslogListener:
    """A listener to be started. Raises ValueError if the source is none of syslog, InvalidTls."""
    endpoint = source.syslog
    if endpoint is None:
        raise ValueError(f"source {source.id} is no syslog source")
    if endpoint.transport == "udp":
        return DatagramListener(source, endpoint, surroundings)
    return StreamListener(source, endpoint, surroundings)
