"""Alert rules on scenes with and without what they report: detection and false alarms, per rule.

python -m benchmarks.clip_detections --data ../shared/data ../shared/data2 --models ../shared/models --out FOLDER
python -m benchmarks.alert_rules --detections FOLDER
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scipy.stats import beta, chi2

from benchmarks.alert_scenes import LEFT_OUT, alerts_of, looped, positives
from benchmarks.clip_detections import LIGHTS, DetectedClip
from pipeline.alerting.settings import SCENE_RULES
from pipeline.benchmark.results_page import machine, write_table
from pipeline.domain.events import AlertEvent, AlertRule, IncidentPhase

NEGATIVE_S = 170.0
"""Stream time of each clip, looped."""


def rules_in(events: Sequence[AlertEvent]) -> set[str]:
    """Rules that reported."""
    return {event.rule for event in events if event.phase is not IncidentPhase.ENDED}


def share(found: int, of: int) -> str:
    """A share with its interval of 95 % (Clopper and Pearson 1934)."""
    low = beta.ppf(0.025, found, of - found + 1) if found else 0.0
    high = beta.ppf(0.975, found + 1, of - found) if found < of else 1.0
    return f"{found} of {of}: {found / of:.2f} ({low:.2f} to {high:.2f})"


def per_day(count: int, seconds: float) -> str:
    """A rate per camera-day with its interval of 95 % (Garwood 1936)."""
    days = seconds / 86_400
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * count + 2) / 2
    return f"{count} in {seconds / 3600:.1f} h: {count / days:.1f} ({low / days:.1f} to {high / days:.1f})"


def read_clips(folder: Path) -> dict[str, list[DetectedClip]]:
    """The clips of a folder of detections, each in the lights that are there."""
    found: dict[str, list[DetectedClip]] = {}
    for light in LIGHTS:
        for path in sorted(folder.glob(f"*-{light.replace(' ', '_')}.npz")):
            name = path.stem.removesuffix(f"-{light.replace(' ', '_')}")
            if name not in LEFT_OUT:
                found.setdefault(name, []).append(DetectedClip.read(path))
    return found


def _chosen(rules: Sequence[str]) -> str:
    return f" --rules {' '.join(rules)}" if rules else ""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--detections", type=Path, required=True, help="folder of `benchmarks.clip_detections`")
    arguments.add_argument("--seconds", type=float, default=NEGATIVE_S, help="stream time of each looped clip")
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "alert_rules.md")
    arguments.add_argument("--rules", nargs="*", default=[], help="only these rules; each is judged without the others")
    arguments.add_argument("--show", action="store_true", help="print what is missed and what is false")
    options = arguments.parse_args()
    clips = read_clips(options.detections)
    measured = [rule for rule in SCENE_RULES if not options.rules or rule in options.rules]
    off = frozenset(rule.value for rule in SCENE_RULES if rule not in measured)
    wanted, found = Counter[AlertRule](), Counter[AlertRule]()
    for scene in positives({name: lights[0] for name, lights in clips.items()}):
        if scene.rule not in measured:
            continue
        assert scene.rule is not None
        wanted[scene.rule] += 1
        seen = rules_in(alerts_of(scene, off))
        found[scene.rule] += scene.rule.value in seen
        if options.show and scene.rule.value not in seen:
            print("missed", scene.name, sorted(seen), flush=True)
    false, seconds, frames, began_s = Counter[str](), 0.0, 0, time.process_time()
    for lights in clips.values():
        scene = looped(lights, options.seconds)
        seconds, frames = seconds + scene.seconds, frames + len(scene.frames)
        begun = [event for event in alerts_of(scene, off) if event.phase is IncidentPhase.BEGUN]
        false.update(event.rule for event in begun)
        if options.show and begun:
            print("false", scene.name, Counter(event.rule for event in begun), flush=True)
    cost_ms = (time.process_time() - began_s) / frames * 1000
    rows = [[rule.value, share(found[rule], wanted[rule]), per_day(false[rule.value], seconds)] for rule in measured]
    for row in rows:
        print(*row, sep=" | ")
    write_table(
        options.out,
        "Alert rules on made positives and looped negatives",
        f"{machine()} Command: `python -m benchmarks.alert_rules{_chosen(options.rules)}`. "
        "Detections of the shipped networks at five frames per second; scenes are described in "
        "`benchmarks/alert_scenes.py`. *Detected*: scenes in which the rule reported, with the interval of 95 %. "
        "*False*: incidents that began in clips that show none, per camera-day, with the interval of 95 %: "
        f"{len(clips)} clips, each looped for {options.seconds:.0f} s in up to three lights. The clips are minutes of "
        "video, so the hours are no independent ones. "
        f"Tracking and rules take {cost_ms:.2f} ms of processor time per frame.",
        measures=["pipeline/alerting"],
        columns=["rule", "detected", "false alarms per camera-day"],
        rows=rows,
        after="Rules were changed after their misses and false alarms on these clips had been seen, so other clips "
        "give worse figures. Positives are edits of detections, not of pixels. "
        f"All but {sum(wanted.values()) - sum(found.values())} of {sum(wanted.values())} positive scenes are "
        "detected. Left out: " + "; ".join(f"{name} ({why})" for name, why in LEFT_OUT.items()) + ".",
    )


if __name__ == "__main__":
    main()
