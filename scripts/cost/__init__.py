"""What a month costs, from list prices that say where and when they were read."""
