"""Programs of the peers in `viapublica bench compare`; each runs in an environment of its own, without this package."""
