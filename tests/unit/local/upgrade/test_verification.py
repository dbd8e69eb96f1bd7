"""What proves that a job is sound, and what does not."""

from __future__ import annotations

import pytest

from local.upgrade.verification import ASK_AGAIN_MS, SILENCE_MS, Observation, Verification

START_MS = 1_000_000


def see(
    second: float, *, running: bool = True, failures: int = 0, read: int = 1, checkpoint: float | None = None
) -> Observation:
    """What Flink says so many seconds after the start; `checkpoint` is when its newest complete one began."""
    return Observation(
        now_ms=START_MS + round(second * 1_000),
        running=running,
        failures=failures,
        messages_read=read,
        checkpoint_ms=0 if checkpoint is None else START_MS + round(checkpoint * 1_000),
    )


@pytest.mark.parametrize(
    ("seen", "sound"),
    [
        pytest.param([see(1)], False, id="it runs and reads"),
        pytest.param([see(1), see(9, checkpoint=2)], True, id="a checkpoint began after it had read"),
        pytest.param([see(1, read=0), see(2, read=0, checkpoint=1)], False, id="a checkpoint without a message"),
        pytest.param([see(1, read=0, checkpoint=1), see(2, checkpoint=1)], False, id="a checkpoint before a message"),
        pytest.param([see(1), see(9, running=False, checkpoint=2)], False, id="it runs no more"),
        pytest.param(
            [see(1), see(2, running=False), see(9, read=0, checkpoint=8)],
            False,
            id="it has to read again after a failure",
        ),
        pytest.param([see(1), see(9, failures=1, checkpoint=2)], False, id="a failure between two looks"),
        pytest.param(
            [see(1), see(2, running=False, failures=1), see(3, failures=1), see(9, failures=1, checkpoint=4)],
            True,
            id="a failure that it got over",
        ),
        pytest.param(
            [see(1, read=0), see(1 + SILENCE_MS / 1_000, read=0, checkpoint=40)], False, id="silence, not long enough"
        ),
        pytest.param(
            [see(1, read=0), see(2 + SILENCE_MS / 1_000, read=0), see(60, read=0, checkpoint=50)],
            True,
            id="nothing comes: there is nothing to read",
        ),
    ],
)
def test_a_job_is_sound_when_it_has_read_and_then_completed_a_checkpoint(seen: list[Observation], sound: bool) -> None:
    verification = Verification()
    assert [verification.sound(each) for each in seen][-1] is sound


@pytest.mark.parametrize(("failures", "crashing"), [(0, False), (2, False), (3, True), (16, True)])
def test_a_job_that_has_failed_three_times_will_not_get_over_it(failures: int, crashing: bool) -> None:
    verification = Verification()
    verification.sound(see(1, failures=failures, running=False))
    assert verification.crashing is crashing


def test_a_checkpoint_is_asked_for_once_it_would_prove_something_and_again_after_a_while() -> None:
    verification = Verification()
    verification.sound(see(1, read=0))
    assert not verification.asks(START_MS + 1_000)
    verification.sound(see(2))
    asked = [verification.asks(START_MS + 2_000 + later) for later in (0, 1, ASK_AGAIN_MS - 1, ASK_AGAIN_MS)]
    assert asked == [True, False, False, True]
