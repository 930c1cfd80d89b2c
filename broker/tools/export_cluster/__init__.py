"""`odradek export-cluster`: the way out. Apache Kafka goes on from a data directory of Odradek.

The order of reading: command.py; source_directory.py (what is exported); kafka_settings.py, node_listeners.py and
client_logins.py (what becomes of the settings).
"""
