"""One file an API: its request and its response, declared for every version that Apache Kafka 4.3 knows."""
