"""Hypothesis without its stopwatch: a busy machine is no error of ours."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None, max_examples=50)
settings.load_profile("unhurried")
