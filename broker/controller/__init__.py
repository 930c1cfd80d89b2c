"""The controller of a cluster of several brokers: who holds and who leads which partition, decided and recorded."""
