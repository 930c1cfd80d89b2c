"""Kafka's configs: their definitions, the broker's, a topic's."""
