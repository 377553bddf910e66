"""What does it mean: duties, rules, states over time, alerts; pure functions and small state objects, no I/O."""
