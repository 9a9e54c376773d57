"""The page of performance shows the history, a table per device, and regressions in bold."""

from __future__ import annotations

from benchmarks.performance import PAGE, Row, history, page_with, row_of, tables


def row(change: str, device: str = "2 cores", **figures: float) -> Row:
    return Row("2026-11-30", "1a2b3c4", change, device, 0.1, dict(figures))


def test_the_page_is_what_the_history_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page_with(text, history()) == text, "run: python -m benchmarks.performance page"


def test_devices_have_tables_of_their_own_and_regressions_are_bold() -> None:
    rows = [row("first", run_fps=70, cpu_ms=20), row("gpu", "H200", run_fps=900), row("second", run_fps=56, cpu_ms=19)]
    text = tables(rows)
    assert text.index("### 2 cores") < text.index("| second |") < text.index("### H200") < text.index("| gpu |")
    assert "| **56 (-20%)** |" in text
    assert "| 19 (-5%) |" in text
    assert "| 900 |" in text


def test_more_processor_time_is_a_regression_and_more_speed_is_none() -> None:
    text = tables([row("first", run_fps=70, cpu_ms=20), row("second", run_fps=140, cpu_ms=30)])
    assert "| 140 (+100%) |" in text
    assert "| **30 (+50%)** |" in text


def test_a_row_is_made_of_the_reports_and_what_was_not_measured_is_empty() -> None:
    environment = {"day": "2026-11-30", "commit": "1a2b3c4", "machine": "2 cores", "load": 0.2}
    adaptive = {"run_fps": [150, 140, 160], "ceiling_fps": [104], "cpu_ms": [11.0]}
    every = {"run_fps": [70, 68, 71], "ceiling_fps": [105], "cpu_ms": [26.0, 24.0]}
    stages = {"environment": environment, "details": {"openvino, adaptive (default)": adaptive, "every frame": every}}
    peers = {
        "viapublica, adaptive": {"fps": [140]},
        "viapublica, every frame": {"fps": [70]},
        "Ultralytics stream tracking": {"fps": [28]},
        "fast-alpr loop": {"fps": [7]},
    }
    cameras = {"rows": [["720p", "5", "adaptive", 14, 15], ["720p", "5", "every frame", 11, 12]]}
    found = row_of("change", {"stages": stages, "compare": {"details": peers}, "pipeline": cameras})
    expected: dict[str, float] = {"run_fps": 150, "every_run_fps": 70, "ceiling_fps": 105, "cpu_ms": 11}
    expected |= {"every_cpu_ms": 25, "ultralytics": 5, "every_ultralytics": 2.5, "fast_alpr": 20, "every_fast_alpr": 10}
    assert found.figures == {**expected, "cameras": 14, "every_cameras": 11, "plates": None}
    assert "| – |" in tables([found])
    assert row_of("change", {"stages": stages}).figures.get("ultralytics") is None
