"""Images with a known answer: drawn by us, so that they may be shipped, and what each network finds in them."""
