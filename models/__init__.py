"""Our weights, their cards, and the workshop that makes them."""
