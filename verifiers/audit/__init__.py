"""The red team as a command: attacks that must fail and honest answers that must pass, against every judge."""
