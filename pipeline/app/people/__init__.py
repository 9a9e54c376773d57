"""Use cases of institutions, people and accounts; start at `administration.Administration`."""
