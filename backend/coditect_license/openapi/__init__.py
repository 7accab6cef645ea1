"""The OpenAPI document of both planes, and the pages that show it.

drf-spectacular describes the control plane. The leasing plane is described here, from the types it
reads and writes (``leasing/http``), and merged in by a hook.
"""
