"""Access rules and what they allow, as Apache Kafka's StandardAuthorizer decides it."""
