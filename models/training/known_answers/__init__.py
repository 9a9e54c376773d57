"""Images with a known answer: synthetic, so that they may be distributed, with each network's recorded answers."""
