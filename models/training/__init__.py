"""Training of the weights in `models/`; not needed to run them."""
