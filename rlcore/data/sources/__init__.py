"""Problems that others made: files, data sets, LeanDojo."""
