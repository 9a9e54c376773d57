"""Hot-lists: matching of plate votes against searched plates, thresholds, passages. Start at `list_watch.ListWatch`."""
