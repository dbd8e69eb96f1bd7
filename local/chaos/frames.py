"""Kafka's frames, as far as a proxy must read them to tell the end of a transaction from everything else.

Sources: the protocol guide (https://kafka.apache.org/protocol.html) for headers and compact types, and
clients/src/main/resources/common/message/EndTxnRequest.json and EndTxnResponse.json of Kafka 4.1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: Bytes before a frame that say how long it is, and those at its start that say what it is.
SIZE_BYTES: Final = 4
PEEK_BYTES: Final = 8
END_TXN: Final = 26
#: From this version on strings are compact and headers carry tagged fields.
_FLEXIBLE_END_TXN: Final = 3


class Peek(NamedTuple):
    """The start of a request: which call in which version, and the number that its answer repeats."""

    api_key: int
    api_version: int
    correlation_id: int


class EndTxn(NamedTuple):
    """A producer's request to commit a transaction, or to abort it."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    committed: bool


class _Cursor:
    """Reads values one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError(f"the frame ends after {len(self._data)} bytes, in the middle of a value")
        self._at += count
        return taken

    def integer(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big", signed=True)

    def unsigned_varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def string(self) -> str:
        """A string with its length before it; the empty one for null."""
        return self.take(max(0, self.integer(2))).decode()

    def compact_string(self) -> str:
        return self.take(self.unsigned_varint() - 1).decode()

    def skip_tagged_fields(self) -> None:
        for _ in range(self.unsigned_varint()):
            self.unsigned_varint()
            self.take(self.unsigned_varint())


def peek(start: bytes) -> Peek:
    """Read the first `PEEK_BYTES` of a request frame. Raises ValueError if there are fewer."""
    cursor = _Cursor(start)
    return Peek(cursor.integer(2), cursor.integer(2), cursor.integer(4))


def end_txn(frame: bytes) -> EndTxn:
    """Read a whole EndTxn request, without its size. Raises ValueError for a frame that is cut off."""
    version = peek(frame).api_version
    cursor = _Cursor(frame[PEEK_BYTES:])
    cursor.string()  # client id: never compact
    if version >= _FLEXIBLE_END_TXN:
        cursor.skip_tagged_fields()
        transactional_id = cursor.compact_string()
    else:
        transactional_id = cursor.string()
    return EndTxn(transactional_id, cursor.integer(8), cursor.integer(2), cursor.integer(1) != 0)


def correlation_id(frame: bytes) -> int:
    """The number of the request that an answer answers."""
    return _Cursor(frame).integer(4)


def end_txn_error(frame: bytes, api_version: int) -> int:
    """Error code in the answer to an EndTxn request of that version; 0 is success."""
    cursor = _Cursor(frame)
    cursor.integer(4)  # correlation id
    if api_version >= _FLEXIBLE_END_TXN:
        cursor.skip_tagged_fields()
    cursor.integer(4)  # throttle time
    return cursor.integer(2)
