"""What clients see of a fault, second by second."""
