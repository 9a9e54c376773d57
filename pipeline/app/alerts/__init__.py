"""Use cases of alerts: incidents and their life, hand-overs of shifts, tests of channels, and the stream of alerts."""
