"""The one line of a long failure that tells a person what is wrong."""

from __future__ import annotations

import re
from typing import Final

#: "jobs.environment.InvalidSetting: ...", "Caused by: java.io.IOException: ...", "pemja.core.PythonException: ...".
_ERROR: Final = re.compile(r"^(?:Caused by: )?((?:[\w$]+\.)*[\w$]*(?:Error|Exception|Setting|Mismatch|Failed)\b.*)$")
_CAUSED: Final = "Caused by: "
#: Follows when a main program of a job has ended with an exception of its own, and says nothing about it.
_WRAPPED: Final = "org.apache.flink.client.program.ProgramAbortException"


def reason(failure: BaseException) -> str:
    """The root cause in one line; the whole message where it is one line anyway."""
    text = str(failure).strip() or type(failure).__name__
    lines = text.partition(_WRAPPED)[0].splitlines()
    causes = [line for line in lines if line.startswith(_CAUSED)]
    errors = causes or [line for line in lines if _ERROR.match(line)]
    if len(lines) < 2 or not errors:
        return lines[0]
    return errors[-1].removeprefix(_CAUSED)
