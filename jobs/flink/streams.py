"""Stream operations whose hidden operators get a uid too.

PyFlink inserts an operator of its own before a shuffle and behind a side output. Left without a uid, its id would
follow from the rest of the graph and change with it.
"""

from __future__ import annotations

from collections.abc import Callable

from pyflink.common import Types
from pyflink.datastream import DataStream, KeyedStream, OutputTag


def key_by(stream: DataStream, key_of: Callable[[str], str], uid: str) -> KeyedStream:
    """Key a stream of strings by a string; `uid` names the operator that computes the key."""
    keyed = stream.key_by(key_of, Types.STRING())
    partition = keyed._j_data_stream.getTransformation()
    partition.getInputs().get(0).setUid(uid)
    return keyed


def side_output(stream: DataStream, tag: OutputTag, uid: str) -> DataStream:
    """Give a stream's side output; `uid` names the operator that unpacks it."""
    return stream.get_side_output(tag).uid(uid)
