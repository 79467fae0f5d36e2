"""One worked solution for each exercise: the single source that its starter is made from."""
