"""The walls: who the customers are, and what keeps them apart."""
