"""What the build of the container image runs, and what the image itself needs beside the server.

``bill_of_materials`` writes what is in the image while it is built; ``alive`` is its health check.
Both are the standard library alone: the build has nothing else, and the check must be quick.
"""
