"""The one-pass detector: pseudo-labels, training images, training, export."""
