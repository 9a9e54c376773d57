"""Events to files, brokers and databases, and queries on them."""
