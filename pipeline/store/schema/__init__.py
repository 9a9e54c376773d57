"""Tables of the event store and their migrations."""
