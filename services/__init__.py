"""The reward API over `verifiers`: the FastAPI app, its client and its wire types."""
