"""The one-pass detector: pseudo-labels, training pictures, training, export."""
