"""What a run is made of: its stages, folder, cluster, reward service."""
