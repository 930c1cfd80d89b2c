"""`odradek dump-log`: what is in the files of a data directory, for people (in Kafka's words) and as JSON.

The rule: a file is read from front to back in bounded pieces, and what cannot be read is said at its position. The
order of reading: command.py, files.py (which name means what), batches.py, records.py; printing.py writes either form.
"""
