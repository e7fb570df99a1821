"""Problems that we make ourselves."""
