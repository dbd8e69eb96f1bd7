"""The line of a failure that a person wants to read first."""

from __future__ import annotations

import pytest

from local.upgrade.reason import reason

MAIN_PROGRAM = """\
flink run jobs.enrichment ended with 31:
Traceback (most recent call last):
  File "/builds/abc/jobs/environment.py", line 30, in settings_from
    return msgspec.convert(given, cls, strict=False)
msgspec.ValidationError: Expected `int`, got `str` - at `$.parallelism`

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/builds/abc/jobs/environment.py", line 32, in settings_from
    raise InvalidSetting(f"{prefix}*: {error}") from error
jobs.environment.InvalidSetting: ENRICHMENT_*: Expected `int`, got `str` - at `$.parallelism`
org.apache.flink.client.program.ProgramAbortException: java.lang.RuntimeException: Python process exits with code: 1
\tat org.apache.flink.client.python.PythonDriver.main(PythonDriver.java:140)
Caused by: java.lang.RuntimeException: Python process exits with code: 1
\t... 15 more
"""
TASK = """\
java.io.IOException: Could not process element
\tat org.apache.flink.streaming.runtime.tasks.ChainingOutput.collect(ChainingOutput.java:86)
Caused by: java.lang.RuntimeException: Failed
\t... 23 more
Caused by: pemja.core.PythonException: <class 'RuntimeError'>: broken on purpose
\tat /builds/abc/jobs/enrichment/operator.process_element(operator.py:40)
"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        pytest.param("the TaskManagers did not come back", "the TaskManagers did not come back", id="one line"),
        pytest.param(
            MAIN_PROGRAM,
            "jobs.environment.InvalidSetting: ENRICHMENT_*: Expected `int`, got `str` - at `$.parallelism`",
            id="a main program that has ended",
        ),
        pytest.param(TASK, "pemja.core.PythonException: <class 'RuntimeError'>: broken on purpose", id="a task"),
        pytest.param("flink run ended with 1:\nnothing to run", "flink run ended with 1:", id="nothing to find"),
        pytest.param("", "RuntimeError", id="nothing said"),
    ],
)
def test_the_reason_is_the_root_cause_in_one_line(message: str, line: str) -> None:
    assert reason(RuntimeError(message)) == line
