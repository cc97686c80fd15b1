"""What the server counts, for Prometheus: GET /metrics."""

from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from nn.prediction.readings import ERROR, OK, UNSURE

# Seconds. A small picture takes some 0.005, a number 0.1, a request of many pictures several.
BUCKETS = (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.25, 2.5, 5, 10)

disable_created_metrics()  # when each count began, a line for each

REQUESTS = Counter("digits_requests", "Requests answered", ["endpoint", "status"])
SECONDS = Histogram(
    "digits_request_seconds", "Seconds from a request's headers to its answer's last byte",
    ["endpoint"], buckets=BUCKETS,
)  # fmt: skip
READINGS = Counter(
    "digits_readings", "Pictures that /read answered: ok, unsure or error, as their status",
    ["status"],
)  # fmt: skip
INSTANCES = Counter("digits_instances", "Pictures that :predict answered", ["signature"])
IN_WORK = Gauge("digits_requests_in_work", "Requests that are being read, or wait for it")
REFUSED = Counter("digits_requests_refused", "Requests refused before they were read", ["reason"])


def count_readings(statuses: Iterable[str]) -> None:
    """Counts readings by their status."""
    for status in statuses:
        READINGS.labels(status).inc()


def exposition() -> tuple[bytes, str]:
    """All counts, as Prometheus reads them, and their Content-Type."""
    return generate_latest(), CONTENT_TYPE_LATEST


for _status in (OK, UNSURE, ERROR):  # so that each is shown as 0 from the start
    READINGS.labels(_status)
