"""Tunes how a network trains: many short trainings, judged by validation digits, by Optuna."""
