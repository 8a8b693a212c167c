"""What users write who have no rackform: each peer makes the same resources of the same fleet."""
