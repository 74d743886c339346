"""Telling how far a long operation is: a callable of the user's, or a bar where one can be seen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from iceframe.errors import ValidationError, shown
from iceframe.log_lines import report_of_progress_callback

__all__ = ["Progress", "ProgressOption", "check_progress", "progress_listener"]

_REDRAW_SECONDS = 0.1


class Progress(NamedTuple):
    """How far an operation is.

    Attributes:
        stage: what is being done: "write" or "scan".
        done: how much of it is done.
        total: how much there is to do; 0: not known.
        unit: of what, e.g. "rows".
    """

    stage: str
    done: int
    total: int
    unit: str


ProgressOption = bool | Callable[[Progress], object]
"""False: nothing; True: a bar on a terminal or in a notebook, nothing elsewhere; or a callable,
which is called on the calling thread now and then (and once at the end) with a `Progress`; what
it raises cancels the operation. Once a commit has landed it can't: what is raised then is logged
(logger "iceframe")."""

_Listener = Callable[[str, int, int, str], object]


def check_progress(option: Any) -> None:  # noqa: ANN401 - what the user wrote
    """Refuses what is neither True, False nor a callable of one argument.

    Raises:
        ValidationError: it is not.
    """
    if isinstance(option, bool):
        return
    if not callable(option):
        raise ValidationError(f"progress must be True, False or a callable, got {shown(option)}")
    import inspect

    try:
        signature = inspect.signature(option)
    except (TypeError, ValueError):
        return  # Functions of C may not say what they take.
    try:
        signature.bind(None)
    except TypeError:
        raise ValidationError(
            f"progress must be callable with one argument, a Progress; it takes {signature}"
        ) from None


@contextmanager
def progress_listener(option: ProgressOption, total: int = 0) -> Iterator[_Listener | None]:
    """Yields what the native module calls; ``total`` stands in where the engine knows none."""
    check_progress(option)
    if option is False:
        yield None
    elif option is True:
        bar = _make_bar()
        if bar is None:
            yield None
            return
        try:
            yield _with_total(bar.show, total)
        finally:
            _close(bar)
    elif callable(option):
        yield _with_total(option, total)


def _close(bar: _Bar) -> None:
    # What was done stays done, whether it can be shown or not.
    try:
        bar.close()
    except Exception as error:
        report_of_progress_callback(error)


def _with_total(show: Callable[[Progress], object], total: int) -> _Listener:
    def listen(stage: str, done: int, engine_total: int, unit: str) -> None:
        show(Progress(stage, done, engine_total or total, unit))

    return listen


def _make_bar() -> _Bar | None:
    notebook = _notebook_display()
    if notebook is not None:
        return _NotebookBar(notebook)
    stream = sys.stderr
    if stream is not None and stream.isatty():
        return _TerminalBar(stream)
    return None


def _notebook_display() -> Callable[..., Any] | None:
    """Returns IPython's `display` inside a notebook's kernel, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display  # type: ignore[import-not-found,unused-ignore]

    return display  # type: ignore[no-any-return,unused-ignore]


class _Bar:
    """Draws at most so many times a second; the last state is drawn when it closes."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._drawn = 0.0
        self._newest: Progress | None = None

    def show(self, progress: Progress) -> None:
        self._newest = progress
        if time.monotonic() - self._drawn >= _REDRAW_SECONDS:
            self._draw(progress)
            self._drawn = time.monotonic()

    def close(self) -> None:
        if self._newest is not None:
            self._draw(self._newest)

    def _draw(self, progress: Progress) -> None:
        raise NotImplementedError

    def _text(self, progress: Progress) -> str:
        seconds = max(time.monotonic() - self._start, 1e-9)
        done = f"{progress.done:,}"
        if progress.total:
            done += f" of {progress.total:,}"
        return f"{done} {progress.unit}, {progress.done / seconds:,.0f}/s"


class _TerminalBar(_Bar):
    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - a text stream
        super().__init__()
        self._stream = stream

    def _draw(self, progress: Progress) -> None:
        bar = ""
        if progress.total:
            filled = min(20, 20 * progress.done // progress.total)
            bar = "[" + "#" * filled + "." * (20 - filled) + "] "
        self._stream.write(f"\r\x1b[K{progress.stage}: {bar}{self._text(progress)}")
        self._stream.flush()

    def close(self) -> None:
        super().close()
        if self._newest is not None:
            self._stream.write("\n")
            self._stream.flush()


class _NotebookBar(_Bar):
    def __init__(self, display: Callable[..., Any]) -> None:
        super().__init__()
        self._display = display
        self._handle: Any = None

    def _draw(self, progress: Progress) -> None:
        value = f'value="{progress.done}" max="{progress.total}"' if progress.total else ""
        html = _Html(f"{progress.stage} <progress {value}></progress> {self._text(progress)}")
        if self._handle is None:
            self._handle = self._display(html, display_id=True)
        else:
            self._handle.update(html)


class _Html:
    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return self._html
