"""The heartbeat as Django REST framework would serve it, for the comparison alone."""
