"""Use cases without a terminal and without HTTP; the only door to stores, recordings and registers."""
