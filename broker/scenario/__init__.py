"""A scenario: what a broker begins with, in one file: topics, records, faults, clocks, clusters."""
