"""Every kind of fault by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from local.chaos.faults.broker_away import BrokerAway
from local.chaos.faults.duplicate_deliveries import DuplicateDeliveries
from local.chaos.faults.expired_transaction import ExpiredTransaction
from local.chaos.faults.full_disk import FullBrokerDisk, FullCheckpointDisk
from local.chaos.faults.kill import Kill
from local.chaos.faults.kill_before_commit import KillBeforeCommit
from local.chaos.faults.pause import Pause
from local.chaos.faults.rescale import Rescale
from local.chaos.faults.world import Fault
from local.chaos.schedule import Kind
from local.chaos.targets import TARGETS
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE

_PAUSES: Final = (30, 70)
_OUTAGE_SECONDS: Final = 90.0
COMMIT_KILL: Final = "kill-before-commit"
#: Proven recommits that a whole drill has.
_COMMIT_KILLS: Final = 5

_MAKERS: Final[Mapping[str, Callable[[], Fault]]] = {
    **{f"kill-{target.name}": partial(Kill, target) for target in TARGETS},
    **{f"pause-{target.name}-{seconds}": partial(Pause, target, seconds) for target in TARGETS for seconds in _PAUSES},
    "restart-broker": partial(BrokerAway, 0),
    "outage-broker": partial(BrokerAway, _OUTAGE_SECONDS),
    COMMIT_KILL: KillBeforeCommit,
    "expired-transaction": ExpiredTransaction,
    "duplicate-deliveries": DuplicateDeliveries,
    "rescale-enrichment": partial(Rescale, ENRICHMENT),
    "rescale-usage": partial(Rescale, MEDIA_USAGE),
    "full-disk-broker": FullBrokerDisk,
    "full-disk-checkpoints": FullCheckpointDisk,
}
#: Skipped by name where no file system can be mounted.
DISK_FAULTS: Final = ("full-disk-broker", "full-disk-checkpoints")
#: Long ones, and one whose loss is to be healed.
_ONCE: Final = frozenset(("outage-broker", "expired-transaction", *DISK_FAULTS))


def kinds(*, with_disks: bool) -> list[Kind]:
    """Every kind that a drill can draw; those that need a disk of their own only where there are any."""
    names = (name for name in _MAKERS if with_disks or name not in DISK_FAULTS)
    return [Kind(name=name, at_least=_COMMIT_KILLS if name == COMMIT_KILL else 1, once=name in _ONCE) for name in names]


def make(name: str) -> Fault:
    """A new fault of the kind with this name. Raises KeyError if there is none."""
    return _MAKERS[name]()
