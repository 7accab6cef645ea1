"""The edge for hosts of one's own: nginx and ModSecurity in front of the license server."""
