"""A run's checkpoints: they hold all of a training graph's variables except the data set."""

from pathlib import Path

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.training.graph import TrainingGraph
from nn.training.run_folder import RunFolder


def checkpoint_prefixes(run: RunFolder) -> list[str]:
    """Returns the path prefixes of a run's checkpoints (…/checkpoint-938), oldest first; an empty
    list before the first checkpoint.

    Raises UserError if the list of checkpoints is damaged, or if the newest checkpoint is missing.
    """
    try:
        state = tf1.train.get_checkpoint_state(str(run.checkpoints))
    except (tf.errors.OpError, ValueError):
        state = None
    prefixes = list(state.all_model_checkpoint_paths) if state else []
    if not prefixes and run.has_checkpoints:
        raise UserError(f"{run.checkpoints / 'checkpoint'}: damaged or missing")
    for newest in prefixes[-1:]:
        if not Path(f"{newest}.index").exists():
            raise UserError(f"{newest}: this checkpoint is missing")
    return prefixes


class Checkpoints:
    """Saves and restores all of a training graph's variables except the data set.

    tf.train.Saver writes to temporary names, renames them, and only then records the new checkpoint
    as the latest: a run killed while it saves resumes from the checkpoint before.
    """

    def __init__(self, run: RunFolder, graph: TrainingGraph) -> None:
        self._prefix = str(run.checkpoints / "checkpoint")
        self._run = run
        self._variables = graph.saved
        with graph.graph.as_default():
            # Relative paths, so that a run's folder can be moved.
            self._saver = tf1.train.Saver(graph.saved, max_to_keep=2, save_relative_paths=True)

    def save(self, session: tf1.Session, step: int) -> None:
        """Writes a checkpoint, numbered by its global step. Raises UserError if it cannot."""
        try:
            self._saver.save(session, self._prefix, global_step=step, write_meta_graph=False)
        except (tf.errors.OpError, OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{self._prefix}-{step}: cannot be written ({reason})") from None

    def restore_latest(self, session: tf1.Session) -> bool:
        """Restores the newest checkpoint; False if there is none yet.

        Raises UserError if the checkpoint is damaged or does not fit the graph.
        """
        prefixes = checkpoint_prefixes(self._run)
        if not prefixes:
            return False
        newest = prefixes[-1]
        try:
            self._check_shapes(newest)
            self._saver.restore(session, newest)
        except (tf.errors.OpError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{newest}: this checkpoint cannot be restored ({reason})") from None
        self._saver.recover_last_checkpoints(prefixes)
        return True

    def _check_shapes(self, prefix: str) -> None:
        # TensorFlow would restore a variable of another shape silently.
        shapes = dict(tf.train.list_variables(prefix))
        for variable in self._variables:
            expected, found = variable.shape.as_list(), shapes.get(variable.op.name)
            if found != expected:
                missing = "no such variable"
                raise ValueError(
                    f"{variable.op.name}: expected shape {expected}, "
                    f"found {missing if found is None else found}"
                )
