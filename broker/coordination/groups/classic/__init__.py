"""Classic groups: the JoinGroup and SyncGroup protocol."""
