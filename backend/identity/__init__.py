"""The door: from a credential to a principal."""
