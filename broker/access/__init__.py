"""What each API asks of the authorizer before it is served: one stage of the pipeline, and a table of rules."""
