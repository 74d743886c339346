"""The engine's metrics among those of prometheus-client, and a server for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.activity import Activity
from iceframe.arguments import required_text, required_whole_number
from iceframe.errors import IoError, MissingPackageError, ValidationError, shown

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

__all__ = ["EngineMetrics", "MetricsServer", "register_metrics", "start_http_server"]

_LOCK = threading.Lock()


class EngineMetrics:
    """What prometheus-client asks for the engine's metrics, each time that somebody scrapes."""

    def collect(self) -> Iterator[Metric]:
        """Yields the engine's metrics as they are now."""
        from prometheus_client.metrics_core import Metric

        for name, kind, help_text, samples in _native.metric_families():
            # It adds the suffix itself.
            metric = Metric(name.removesuffix("_total"), help_text, kind)
            for sample_name, labels, value in samples:
                metric.add_sample(sample_name, labels, value)
            yield metric

    def describe(self) -> Iterable[Metric]:
        """Returns the metrics, so that another one of such a name is refused at once."""
        return self.collect()


def register_metrics(registry: CollectorRegistry | None = None) -> None:
    """Adds the engine's metrics to a registry of prometheus-client's; once, however often called.

    Args:
        registry: None: the process's, `prometheus_client.REGISTRY`.

    Raises:
        MissingPackageError: prometheus-client is missing; ``iceframe[monitoring]`` brings it.

    Example:
        >>> from prometheus_client import CollectorRegistry, generate_latest
        >>> from iceframe.monitoring import register_metrics
        >>> registry = CollectorRegistry()
        >>> register_metrics(registry)
        >>> b"iceframe_build_info" in generate_latest(registry)
        True
    """
    target = _registry(registry)
    with _LOCK:
        if not getattr(target, "_has_iceframe", False):
            target.register(EngineMetrics())
            target._has_iceframe = True


def _registry(registry: Any) -> Any:  # noqa: ANN401 - prometheus-client may be missing
    client = _prometheus_client()
    if registry is None:
        return client.REGISTRY
    if not isinstance(registry, client.CollectorRegistry):
        raise ValidationError(f"registry must be a CollectorRegistry, got {shown(registry)}")
    return registry


def _prometheus_client() -> Any:  # noqa: ANN401 - a module
    try:
        import prometheus_client
    except ImportError as error:
        raise MissingPackageError(
            "metrics for Prometheus need prometheus-client: pip install 'iceframe[monitoring]'"
        ) from error
    return prometheus_client


class MetricsServer:
    """A server of metrics that runs; `close` ends it, as the end of a ``with`` does.

    Attributes:
        address: what it listens on.
        port: the port; the one that was found if 0 was asked for.
    """

    def __init__(self, server: WSGIServer, thread: threading.Thread, activity: Activity) -> None:
        self._server = server
        self._thread = thread
        self._activity = activity
        self.address, self.port = server.server_address[:2]

    def __repr__(self) -> str:
        return f"MetricsServer(address={self.address!r}, port={self.port})"

    def __enter__(self) -> MetricsServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        """Yields the server and its thread, as prometheus-client's function returns them."""
        return iter((self._server, self._thread))

    def close(self) -> None:
        """Stops serving and frees the port; does nothing when called again."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._activity.close()


def start_http_server(
    port: int,
    addr: str = "127.0.0.1",
    registry: CollectorRegistry | None = None,
) -> MetricsServer:
    """Serves metrics for Prometheus, as text or as OpenMetrics, from a thread of its own.

    ``/metrics`` has the engine's metrics with all others of the registry. ``/activity`` has, as
    JSON, what ``iceframe top`` shows: the operations that run and the newest that have ended. No
    literal of a query is in either.

    Args:
        port: 0: a free one, which the result tells.
        addr: what to listen on; "0.0.0.0" for other machines, who may read what is served.
        registry: of prometheus-client; None: the process's.

    Raises:
        MissingPackageError: prometheus-client is missing; ``iceframe[monitoring]`` brings it.
        IoError: the address can't be listened on, for instance since the port is taken.

    Example:
        >>> from urllib.request import urlopen
        >>> from iceframe.monitoring import start_http_server
        >>> with start_http_server(0) as server:
        ...     text = urlopen(f"http://127.0.0.1:{server.port}/metrics").read()
        >>> b"iceframe_build_info" in text
        True
    """
    number = required_whole_number("port", port)
    if not 0 <= number < 2**16:
        raise ValidationError(f"port must be between 0 and 65535, got {number}")
    address = required_text("addr", addr)
    target = _registry(registry)
    register_metrics(target)
    activity = Activity()
    try:
        server = _make_server(address, number, _application(target, activity))
    except (OSError, UnicodeError) as error:
        activity.close()
        message = f"metrics can't be served on {address}:{number}: {error}"
        raise IoError(message) from error
    thread = threading.Thread(target=server.serve_forever, name="iceframe metrics", daemon=True)
    thread.start()
    return MetricsServer(server, thread, activity)


_Start = Callable[[str, list[tuple[str, str]]], Any]
_Application = Callable[[dict[str, Any], _Start], Iterable[bytes]]


def _application(registry: CollectorRegistry, activity: Activity) -> _Application:
    metrics: _Application = _prometheus_client().make_wsgi_app(registry)

    def application(environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/activity":
            return metrics(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [activity.to_json().encode()]

    return application


def _make_server(address: str, port: int, application: Any) -> WSGIServer:  # noqa: ANN401
    import socket
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Handler(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Logs nothing: the library never prints."""

    found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    Server.address_family, *_, place = found[0]
    return make_server(str(place[0]), port, application, Server, Handler)
