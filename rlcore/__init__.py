"""Training: config, data, pretraining, difficulty filter, losses, learner, pipeline, command line."""
