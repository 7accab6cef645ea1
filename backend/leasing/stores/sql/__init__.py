"""What the SQL ledgers share: how a batch is decided. Each brings its statements and connection."""
