"""Outpost's service: queue, rules, lines, files for people."""
