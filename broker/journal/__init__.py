"""What happened in a cluster, decoded and bounded, and why: requests, answers, decisions of coordinators and logs."""
