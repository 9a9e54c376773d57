"""Track summaries, per-minute counts and ground speed from the tracks of a camera."""
