"""Report of a benchmark: environment, parameters, table, notes and plot; as JSON, as a section of a results page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from pipeline.benchmark.environment import Environment
from pipeline.benchmark.results_page import markdown, write_section
from pipeline.domain.extras import require

ENGINE: Final = (
    "pipeline/adaptive",
    "pipeline/decode",
    "pipeline/detect",
    "pipeline/engine",
    "pipeline/inference",
    "pipeline/lpr",
    "pipeline/analytics",
)
"""The code on which the speed of a run depends."""


class Plot(msgspec.Struct, frozen=True):
    """A chart of a report.

    Attributes:
        style: bars of one series, or lines over `x`.
        x: labels of the bars, or positions of the points.
        series: values by name, each as long as `x`.
        x_label, y_label: of the axes, with units.
    """

    style: Literal["bars", "lines"]
    x: list[Any]
    series: dict[str, list[float]]
    x_label: str
    y_label: str


class BenchmarkReport(msgspec.Struct, frozen=True, kw_only=True):
    """Results of one benchmark on one machine.

    Attributes:
        benchmark: name of the sub-command; title: of its results page.
        how: what was measured and what the figures mean.
        command: how to reproduce it.
        parameters: of the measurement.
        columns, rows: the table.
        notes: what limits the figures; details: further figures, for programs.
        measures: packages whose code they depend on.
    """

    benchmark: str
    title: str
    how: str
    command: str
    environment: Environment
    parameters: dict[str, Any]
    columns: list[str]
    rows: list[list[Any]]
    notes: list[str] = []
    details: dict[str, Any] = {}
    plot: Plot | None = None
    measures: tuple[str, ...] = ENGINE

    def markdown(self, plot_name: str = "") -> str:
        """The section of this machine."""
        head = f"{self.how} {self.environment.line()} Load before: {self.environment.load}. Command: `{self.command}`."
        parts = [head, markdown(self.columns, self.rows)]
        if self.notes:
            parts.append("\n".join(f"- {note}" for note in self.notes))
        if plot_name:
            parts.append(f"![{self.title}]({plot_name})")
        return "\n\n".join(parts)


def write_page(report: BenchmarkReport, page: Path) -> list[Path]:
    """Write the report into the machine's section of a Markdown page, and its plot beside it.

    Returns:
        The files written.

    Raises:
        MissingComponent: matplotlib, which draws plots, is not installed.
        OSError: a file cannot be written.
    """
    plot = page.with_suffix(".png") if report.plot is not None else None
    if plot is not None and report.plot is not None:
        draw(report.plot, report.title, plot)
    write_section(page, report.title, report.markdown(plot.name if plot else ""), measures=report.measures)
    return [page] if plot is None else [page, plot]


def draw(plot: Plot, title: str, target: Path) -> None:
    """Draw a chart as PNG.

    Raises:
        MissingComponent: matplotlib is not installed.
    """
    require("matplotlib")
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 3.6))
    if plot.style == "bars":
        _draw_bars(axis, plot)
    else:
        for name, values in plot.series.items():
            axis.plot(plot.x, values, marker="o", label=name)
        axis.set_ylim(bottom=0)
        axis.set_ylabel(plot.y_label)
    axis.set_xlabel(plot.x_label)
    axis.set_title(title, fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
    if len(plot.series) > 1:
        axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(target, dpi=110)
    plt.close(figure)


def _draw_bars(axis: Any, plot: Plot) -> None:
    """Horizontal bars, one group per label."""
    height = 0.8 / len(plot.series)
    for number, (name, values) in enumerate(plot.series.items()):
        places = [place + number * height for place in range(len(plot.x))]
        axis.bar_label(axis.barh(places, values, height, label=name), fmt="%.3g", padding=3, fontsize=8)
    middle = 0.4 - height / 2
    axis.set_yticks([place + middle for place in range(len(plot.x))], [str(label) for label in plot.x])
    axis.invert_yaxis()
    axis.margins(x=0.15)
