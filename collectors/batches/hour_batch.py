"""Filling one batch: records into messages, repeated strings into tables."""

from __future__ import annotations

from collectors.batches.records import InvalidLine, Record
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchHeader


class _StringTable(dict[str, int]):
    """Index of each distinct string, in order of first use; entry 0 is "" (not logged)."""

    def __init__(self) -> None:
        super().__init__({"": 0})

    def __missing__(self, text: str) -> int:
        text.encode()  # no message holds what has no UTF-8: better here, where the line is known
        index = self[text] = len(self)
        return index


class HourBatch:
    """The batch of one hour of a block, while it fills. `header.hour_ms` is that hour."""

    __slots__ = ("_add", "_hosts", "_hour_ms", "_message", "_pops", "_user_agents", "event_times_ms")

    def __init__(self, header: BatchHeader) -> None:
        #: Of the records, in their order.
        self.event_times_ms: list[int] = []
        self._message = AccessLogBatch(header=header)
        self._hour_ms = header.hour_ms
        self._add = self._message.records.add
        self._hosts, self._user_agents, self._pops = _StringTable(), _StringTable(), _StringTable()

    def add(self, line: int, record: Record) -> None:
        """Append the record of a line; its event time must lie in the hour.

        Raises InvalidLine, and appends nothing, where a field does not fit the message.
        """
        # Assignments cost half of what keyword arguments of add() do, and a try that nothing leaves costs nothing.
        event_time_ms = record.event_time_ms
        log = self._add()
        try:
            log.line = line
            log.event_offset_ms = event_time_ms - self._hour_ms
            log.method = record.method
            log.status = record.status
            log.path = record.path
            log.host = self._hosts[record.host]
            log.body_bytes = record.body_bytes
            if record.object_bytes is not None:
                log.object_bytes = record.object_bytes
            if record.aborted:
                log.aborted = True
            if record.internal:
                log.internal = True
            log.cache_status = record.cache_status
            log.client_ip = record.client_ip
            log.user_agent = self._user_agents[record.user_agent]
            log.pop = self._pops[record.pop]
            if record.time_to_first_byte_ms is not None:
                log.time_to_first_byte_ms = record.time_to_first_byte_ms
            if record.elapsed_ms is not None:
                log.elapsed_ms = record.elapsed_ms
            log.request_id = record.request_id
            if record.range_start is not None:
                log.range_start = record.range_start
            if record.range_end is not None:
                log.range_end = record.range_end
        except ValueError:  # a number out of its range, a lone surrogate: parsers keep them out, this is the net
            del self._message.records[-1]
            raise InvalidLine("bad-field", "a field does not fit the message") from None
        self.event_times_ms.append(event_time_ms)

    def message(self) -> AccessLogBatch:
        """The finished batch; nothing can be added after."""
        self._message.hosts.extend(self._hosts)
        self._message.user_agents.extend(self._user_agents)
        self._message.pops.extend(self._pops)
        return self._message
