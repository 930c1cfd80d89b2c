"""Daily work from the shell, over the wire: on this broker or any Kafka."""
