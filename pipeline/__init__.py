"""viapublica: privacy-keeping video analytics for public-road cameras."""

__version__ = "0.1.0"
