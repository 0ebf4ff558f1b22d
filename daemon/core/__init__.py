"""The rules: pure functions of values. No clock, no I/O, no threads, no logging."""
