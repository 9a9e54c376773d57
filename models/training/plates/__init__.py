"""The plate reader: renderer, real crops, network, training, export."""
