"""The catalogue: products, licenses and their keys."""
