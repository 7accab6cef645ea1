"""The floor: clock, environment, ids, private files, logs. Nothing else lives here."""
