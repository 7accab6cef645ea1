"""The shredder: what is known of persons, for how long, and how it is shown and forgotten."""
