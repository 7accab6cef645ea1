"""The frame: settings, addresses, problems. It plugs the rooms together and knows no licensing."""
