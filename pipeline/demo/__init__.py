"""The demo: media that a fresh install has, and the command that shows them."""
