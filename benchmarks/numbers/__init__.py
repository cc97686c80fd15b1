"""Pictures of numbers that people bring, drawn with digits that a model was not trained with."""
