"""One name for two folders: ``tests`` is backend/tests and what crosses packages in tests/.

Imported here, before pytest comes to either of them, it is the namespace of both; else it would be
the folder of whichever conftest.py happens to be read first.
"""

import tests  # noqa: F401
