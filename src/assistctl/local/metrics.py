"""``/metrics``: what Prometheus collects, in its text form. Served on demand only, and with the server's key.

Each app has its own numbers, so that several may be in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assistctl.local.http.observation import Exchange

PATH = "/metrics"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Upper bounds of the histogram: from a read of one object to a streamed run."""

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Metrics:
    """The numbers of one app. What is counted elsewhere is read when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "assistctl_http_requests", "Requests that were answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "assistctl_http_request_seconds",
            "Time from a request's head to the last byte of its answer, in seconds.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def observe(self, exchange: Exchange) -> None:
        """Count an exchange."""
        # A method is what the client says it is: each other one would be a series of its own.
        method = exchange.method if exchange.method in _METHODS else "other"
        self._requests.labels(method, exchange.route, str(exchange.status)).inc()
        self._seconds.labels(method, exchange.route).observe(exchange.seconds)

    def add_gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        """Show a number that ``read`` returns whenever somebody asks."""
        self.registry.register(_Gauge(lambda: [_family(name, about, (), {(): read()})]))

    def add_states(self, name: str, about: str, label: str, read: Callable[[], Mapping[str, int]]) -> None:
        """Show numbers by state, such as the runs by their status; ``read`` returns all there are now."""
        self.registry.register(
            _Gauge(lambda: [_family(name, about, (label,), {(state,): n for state, n in read().items()})])
        )


class _Gauge(Collector):
    """Numbers that are read when they are asked for."""

    def __init__(self, read: Callable[[], list[GaugeMetricFamily]]) -> None:
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: to be described, they would have to be read."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See ``Collector``."""
        yield from self._read()


def _family(
    name: str, about: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for states, value in values.items():
        family.add_metric(states, value)
    return family


def routes(metrics: Metrics) -> list[Route]:
    """The route."""

    def answer(_request: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route(PATH, answer)]
