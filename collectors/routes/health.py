"""/healthz: restart me if not. /readyz: send no traffic if not. /metrics: see schemas/metrics/collectors.py."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import generate_latest

from collectors.completeness.minutes import Report
from collectors.kafka.publisher import KafkaUnavailable
from collectors.metrics import Metrics
from collectors.routes.keys import BUDGET, CLOCK_CHECK, COMPLETENESS, INTAKE, LISTENERS, METRICS, PUBLISHER
from collectors.syslog.datagrams import DatagramListener


async def get_healthz(request: web.Request) -> web.Response:
    """200 unless the producer cannot go on."""
    fatal = request.app[PUBLISHER].fatal
    if fatal.done():
        return web.Response(status=503, text=f"{fatal.result()}\n")
    return web.Response(text="ok\n")


async def get_readyz(request: web.Request) -> web.Response:
    """200 while Kafka answers and its clock agrees with ours, or while what arrives can be spooled."""
    try:
        await request.app[PUBLISHER].raw_partitions()
        check = request.app.get(CLOCK_CHECK)
        complaint = "" if check is None else await check.complaint()
    except KafkaUnavailable as error:
        complaint = f"Kafka: {error}" if request.app[INTAKE].needs_kafka else ""
    request.app[METRICS].ready.set(not complaint)
    return web.Response(status=503 if complaint else 200, text=f"{complaint or 'ok'}\n")


async def get_metrics(request: web.Request) -> web.Response:
    """All metrics in Prometheus' text format."""
    metrics = request.app[METRICS]
    metrics.in_flight_bytes.set(request.app[BUDGET].used)
    for listener in request.app.get(LISTENERS, ()):
        if isinstance(listener, DatagramListener):
            listener.count_kernel_drops()
    _export_silence(request.app[COMPLETENESS].report(minutes=0), metrics)
    return web.Response(
        body=generate_latest(metrics.registry),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )


def _export_silence(report: Report, metrics: Metrics) -> None:
    """What changes by the mere passing of time, set when it is asked for."""
    for source in report.sources:
        last_ms = report.started_ms if source.last_delivery_ms is None else source.last_delivery_ms
        metrics.last_delivery.labels(source.id).set(last_ms / 1_000)
        metrics.silent.labels(source.id).set(source.silent)
