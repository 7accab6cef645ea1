"""license-admin: everything an operator does without a browser. One file for each noun."""
