"""Value types and protocols of the domain; the bottom layer, which imports only `pipeline.errors`."""
