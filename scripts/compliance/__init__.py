"""The pages of docs/compliance and docs/unproven.md, made of data."""
