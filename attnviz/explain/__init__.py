"""What the weights say: findings without words, and the languages that put them into words."""
