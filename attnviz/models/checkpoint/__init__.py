"""The files of a checkpoint folder: its config, its weights, its tokenizer."""
