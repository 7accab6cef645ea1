"""Signers turn bytes into signatures; the issuer seals documents with them."""
