"""License-incident: what is done when somebody breaks in, step by step and written down.

The standard library alone: it runs where gcloud and kubectl are, with nothing to install first
(docs/adr/0037).
"""
