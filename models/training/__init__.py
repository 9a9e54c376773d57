"""The workshop: makes the weights in `models/`. Nothing here is needed to run them."""
