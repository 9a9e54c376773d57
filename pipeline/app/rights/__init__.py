"""Rights of the persons concerned: their requests, and what is reported about them."""
