"""The explorer page: what a person opens when rewards look wrong."""
