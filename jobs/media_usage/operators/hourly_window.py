"""1-hour tumbling event-time windows with allowed lateness, for a bucket of assets at a time.

PyFlink's own window operator takes an element a row, and a batch has some sixty rows. Here an element is all rows of a
batch that fall into one of 16 buckets, and a row costs a look-up in map state: in `make bench` the job went from 0.25
of the plain loop to 0.40. The semantics are the built-in window's with a custom trigger: fire when the watermark passes
the hour, again for later arrivals, forget when the watermark is past the allowed lateness, refuse what comes after.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, RuntimeContext, TimerService
from pyflink.datastream.state import MapState, MapStateDescriptor, ValueState, ValueStateDescriptor

from jobs.build import BUILD_ID, require_build
from jobs.media_usage import wire
from jobs.media_usage.sums import Sums
from schemas.batch import ALLOWED_LATENESS_MS, HOUR_MS


def refused_tag() -> OutputTag:
    """Side output of messages that came after their window was gone."""
    return OutputTag("beyond-lateness", Types.STRING())


def fires_at(hour_ms: int) -> int:
    """Event time at which a window is complete: its last millisecond, as in Flink's windows."""
    return hour_ms + HOUR_MS - 1


def forgotten_at(hour_ms: int) -> int:
    """Event time after which a window accepts nothing more."""
    return fires_at(hour_ms) + ALLOWED_LATENESS_MS


class HourlyWindow(KeyedProcessFunction):  # type: ignore[misc]  # pyflink is not typed
    """Keyed by hour and bucket. State: encoded sums by the text of their key, and whether some are not written yet.

    Fires when the watermark passes the hour, and otherwise `refresh_ms` of real time after a change, so that rows are
    visible early and a CDN that is regularly late does not cost an upsert a batch. Every timer writes what has changed
    since the last one, the one that forgets the window included: a catch-up may move the watermark over all of them
    within a refresh.
    """

    def __init__(self, refresh_ms: int) -> None:
        self._build = BUILD_ID
        self._refresh_ms = refresh_ms
        self._refused = refused_tag()
        self._sums: MapState
        #: Processing time of the next firing; set while there is something that no row says yet.
        self._refresh_at: ValueState
        #: Keys changed since the last firing, by window. A restore forgets which ones they were: then all are written,
        #: which is harmless, because rows are absolute sums.
        self._changed: dict[str, set[str]] = {}

    def open(self, runtime_context: RuntimeContext) -> None:
        require_build(self._build)
        descriptor = MapStateDescriptor("sums", Types.STRING(), Types.STRING())
        self._sums = runtime_context.get_map_state(descriptor)
        self._refresh_at = runtime_context.get_state(ValueStateDescriptor("refresh-at", Types.LONG()))

    def process_element(self, value: str, ctx: KeyedProcessFunction.Context) -> Iterator[Any]:
        window, timers = ctx.get_current_key(), ctx.timer_service()
        if timers.current_watermark() >= forgotten_at(wire.usage_hour(window)):
            yield self._refused, value
            return
        if window not in self._changed:
            self._changed[window] = self._unwritten()
            self._set_timers(wire.usage_hour(window), timers)
        self._changed[window].update(self._add(value))

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Any]:
        window, timers = ctx.get_current_key(), ctx.timer_service()
        hour_ms = wire.usage_hour(window)
        for key in self._changed.pop(window, None) or self._unwritten():
            yield _row(hour_ms, key, Sums.decode(self._sums.get(key)))
        self._unset_refresh(timers)
        if timers.current_watermark() >= forgotten_at(hour_ms):
            self._sums.clear()

    def _unwritten(self) -> set[str]:
        """Keys that may have changed before this task was restored."""
        return set() if self._refresh_at.value() is None else set(self._sums.keys())

    def _set_timers(self, hour_ms: int, timers: TimerService) -> None:
        if self._refresh_at.value() is None:
            refresh_at = timers.current_processing_time() + self._refresh_ms
            self._refresh_at.update(refresh_at)
            timers.register_processing_time_timer(refresh_at)
        timers.register_event_time_timer(forgotten_at(hour_ms))
        if timers.current_watermark() < fires_at(hour_ms):
            timers.register_event_time_timer(fires_at(hour_ms))

    def _unset_refresh(self, timers: TimerService) -> None:
        refresh_at = self._refresh_at.value()
        if refresh_at is not None:
            timers.delete_processing_time_timer(refresh_at)
            self._refresh_at.clear()

    def _add(self, message: str) -> Iterator[str]:
        """Add the rows of a message to what is stored; gives their keys."""
        for key, sums in wire.usage_rows(message):
            stored = self._sums.get(key)
            total = sums if stored is None else Sums.decode(stored).plus(sums)
            self._sums.put(key, total.encode())
            yield key


def _row(hour_ms: int, key: str, sums: Sums) -> Row:
    return Row(hour_ms, *wire.usage_key(key), *sums)
