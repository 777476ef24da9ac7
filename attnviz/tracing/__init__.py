"""A model runs while its attention is watched."""
