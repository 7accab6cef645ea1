"""The frame: settings, addresses, problems. It plugs the rooms together and knows no licensing."""

__version__ = "0.1.0"
