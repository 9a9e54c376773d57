"""Benchmarks of this machine, for user interfaces."""

from __future__ import annotations

from pathlib import Path

from pipeline.app.output_files import check_target
from pipeline.benchmark.clips import CODECS, SIZES, ClipFormat, size_of
from pipeline.benchmark.compare import PEERS
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.live_reports import accuracy_report, pipeline_report, soak_report
from pipeline.benchmark.report import BenchmarkReport, write_page
from pipeline.benchmark.setup import Setup
from pipeline.benchmark.stage_reports import compare_report, gpu_report, stages_report
from pipeline.errors import ViapublicaError

__all__ = [
    "CODECS",
    "PEERS",
    "SIZES",
    "BenchmarkReport",
    "ClipFormat",
    "Setup",
    "Workload",
    "accuracy_report",
    "compare_report",
    "gpu_report",
    "pipeline_report",
    "size_of",
    "soak_report",
    "stages_report",
    "write_results",
]


def write_results(report: BenchmarkReport, page: str) -> list[Path]:
    """Write a report into this machine's section of a results page, with its plot beside it.

    Returns:
        The files written.

    Raises:
        ViapublicaError: the page is no file that can be written.
        MissingComponent: matplotlib is not installed.
    """
    path = check_target("--markdown", page)
    try:
        return write_page(report, path)
    except OSError as error:
        raise ViapublicaError(page, f"cannot be written ({error.strerror})", "Choose another place") from error
