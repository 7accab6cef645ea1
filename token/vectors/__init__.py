"""Test vectors of the signed documents, for any language, and the script that makes them."""
