"""Those of Flink's own metrics that dashboards and alerts ask for, as its Prometheus reporter names them.

Meanings: Flink's documentation, "Metrics" (Checkpointing, Availability, IO, Connectors), and FLIP-33 for connectors.
The reporter puts `_` for every character of a label's value that is no letter, digit or colon: `media_usage`.
"""

from __future__ import annotations

from typing import Final

from schemas.metrics.metric import FlinkMetric, Kind, Unit

_JOB: Final = ("job_name",)
_OPERATOR: Final = ("job_name", "operator_name")


def _of_job(name: str, kind: Kind, unit: Unit, meaning: str, remedy: str) -> FlinkMetric:
    return FlinkMetric(
        scope="jobmanager_job", name=name, kind=kind, unit=unit, labels=_JOB, meaning=meaning, remedy=remedy
    )


def _of_operator(name: str, kind: Kind, unit: Unit, meaning: str, remedy: str) -> FlinkMetric:
    return FlinkMetric(
        scope="taskmanager_job_task_operator",
        name=name,
        kind=kind,
        unit=unit,
        labels=_OPERATOR,
        meaning=meaning,
        remedy=remedy,
    )


def _of_task(name: str, kind: Kind, unit: Unit, meaning: str, remedy: str) -> FlinkMetric:
    return FlinkMetric(
        scope="taskmanager_job_task", name=name, kind=kind, unit=unit, labels=_JOB, meaning=meaning, remedy=remedy
    )


SLOTS_AVAILABLE: Final = FlinkMetric(
    scope="jobmanager",
    name="taskSlotsAvailable",
    kind="gauge",
    unit="slots",
    meaning="Slots that no task uses.",
    remedy="Zero with a job that restarts: a TaskManager is missing.",
)
RUNNING_TIME: Final = _of_job(
    "runningTime",
    "gauge",
    "milliseconds",
    "Time in which the job has been running since its last start; 0 while it is not.",
    "Zero or absent: the job does not run; its JobManager's log says why.",
)
RESTARTS: Final = _of_job(
    "numRestarts",
    "gauge",
    "restarts",
    "Restarts of the job since it was submitted.",
    "Grows: the newest exception in Flink's web interface, or in the JobManager's log, is the reason.",
)
CHECKPOINT_COMPLETED: Final = _of_job(
    "lastCheckpointCompletedTimestamp",
    "gauge",
    "milliseconds since the epoch",
    "When the newest checkpoint was completed; -1 before the first.",
    "Stands still: nothing is committed, so nothing is billed; see the failed checkpoints.",
)
CHECKPOINT_DURATION: Final = _of_job(
    "lastCheckpointDuration",
    "gauge",
    "milliseconds",
    "How long the newest checkpoint took.",
    "Nears execution.checkpointing.timeout: slow storage, back-pressure, or a task that waits for a look-up.",
)
CHECKPOINT_SIZE: Final = _of_job(
    "lastCheckpointFullSize",
    "gauge",
    "bytes",
    "State in the newest checkpoint.",
    "Grows without end: batch ids or windows are not forgotten, because the watermark stands still.",
)
CHECKPOINTS_COMPLETED: Final = _of_job(
    "numberOfCompletedCheckpoints",
    "gauge",
    "checkpoints",
    "Checkpoints that were completed.",
    "Stands still: see the failed ones.",
)
CHECKPOINTS_FAILED: Final = _of_job(
    "numberOfFailedCheckpoints",
    "gauge",
    "checkpoints",
    "Checkpoints that failed or were given up.",
    "Grows: the checkpoint's failure in Flink's web interface names the task.",
)
PENDING_RECORDS: Final = _of_operator(
    "pendingRecords",
    "gauge",
    "messages",
    "Messages of Kafka that the source has not read. Of committed data only: an open transaction hides what follows.",
    "Grows: more arrives than the job can do; add TaskManagers and parallelism, or see what it waits for.",
)
INPUT_WATERMARK: Final = _of_operator(
    "currentInputWatermark",
    "gauge",
    "milliseconds since the epoch",
    "Event time up to which the operator has seen everything; the smallest long before the first.",
    "Stands still: a partition without data and heartbeats, or an open transaction.",
)
SEND_TIME: Final = _of_operator(
    "currentSendTime",
    "gauge",
    "milliseconds",
    "How long the Kafka sink's newest request took, as Kafka's producer averages it.",
    "Grows: the brokers are slow.",
)
OUT_ERRORS: Final = _of_operator(
    "numRecordsOutErrors",
    "counter",
    "records",
    "Records that a sink could not write; the job restarts, and writes them again.",
    "Grows: Kafka or Postgres refuses, and the job's exception says what.",
)
SEND_ERRORS: Final = _of_operator(
    "numRecordsSendErrors",
    "counter",
    "records",
    "As numRecordsOutErrors, counted by the sink itself.",
    "As numRecordsOutErrors.",
)
COMMITTABLES: Final = _of_operator(
    "successfulCommittables",
    "counter",
    "committables",
    "Transactions that were committed.",
    "Stands still in enriched: nothing reaches the media-usage job.",
)
FAILED_COMMITTABLES: Final = _of_operator(
    "failedCommittables",
    "counter",
    "committables",
    "Transactions that Kafka refused to commit: the connector drops them, and the job goes on without their records.",
    "Above zero in enriched is lost data: audit with --raw, and reprocess the hours that it names.",
)
BUSY: Final = _of_task(
    "busyTimeMsPerSecond",
    "gauge",
    "milliseconds a second",
    "How busy the task is.",
    "At 1,000 the task is the bottleneck of its job: raise the parallelism, with a TaskManager for each.",
)
BACK_PRESSURED: Final = _of_task(
    "backPressuredTimeMsPerSecond",
    "gauge",
    "milliseconds a second",
    "How long the task waits for those behind it.",
    "High: the next task, or the sink's server, is the bottleneck.",
)

FLINK: Final = (
    SLOTS_AVAILABLE,
    RUNNING_TIME,
    RESTARTS,
    CHECKPOINT_COMPLETED,
    CHECKPOINT_DURATION,
    CHECKPOINT_SIZE,
    CHECKPOINTS_COMPLETED,
    CHECKPOINTS_FAILED,
    PENDING_RECORDS,
    INPUT_WATERMARK,
    SEND_TIME,
    OUT_ERRORS,
    SEND_ERRORS,
    COMMITTABLES,
    FAILED_COMMITTABLES,
    BUSY,
    BACK_PRESSURED,
)
