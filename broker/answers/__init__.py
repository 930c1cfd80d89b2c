"""What requests and answers of any API have in common: what is named, and where an error stands."""
