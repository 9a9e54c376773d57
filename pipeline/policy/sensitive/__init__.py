"""Sensitive categories in free text: words about people are refused, names of places are asked about."""
