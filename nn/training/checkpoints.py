"""A run's checkpoints: they hold all of a training graph's variables except the data set."""

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from nn.errors import UserError
from nn.runtime.sessions import reason_of
from nn.runtime.whole_files import sync, sync_folder, write_text
from nn.training.graph import TrainingGraph
from nn.training.run_folder import RunFolder

log = logging.getLogger(__name__)

_NAME = re.compile(r"checkpoint-(\d+)(\.index|\.data-\d+-of-\d+)?")
# What restoring a damaged checkpoint raises: TensorFlow turns some of its errors into Python's own.
# An index that asks for too many bytes, for example, is an IndexError.
_DAMAGE = (tf.errors.OpError, LookupError, MemoryError, RuntimeError, ValueError)
KEPT_CHECKPOINTS = 2  # of a run: if the newest is damaged, the run goes on from the one before
# What TensorFlow writes before it renames it: of a checkpoint, and of its list.
_TEMPORARY_NAMES = ("checkpoint-*.tempstate*", "checkpoint.tmp*")


def checkpoint_prefixes(run: RunFolder) -> list[str]:
    """Returns the path prefixes of a run's checkpoints (…/checkpoint-938), oldest first; an empty
    list before the first checkpoint.

    They are all that the folder holds a file of, or that TensorFlow's list of checkpoints names:
    any of them may be damaged.
    """
    names = [path.name for path in run.checkpoints.glob("checkpoint-*")]
    # Only the names: an older version wrote whole paths, and the folder may have been moved.
    names += [Path(path).name for path in _listed(run)]
    steps = {int(found[1]) for name in names if (found := _NAME.fullmatch(name))}
    return [str(run.checkpoints / f"checkpoint-{step}") for step in sorted(steps)]


def _listed(run: RunFolder) -> list[str]:
    """The checkpoints that TensorFlow's list names; none if the list is damaged or missing."""
    try:
        state = tf1.train.get_checkpoint_state(str(run.checkpoints))
    except (tf.errors.OpError, ValueError):
        return []
    names = list(state.all_model_checkpoint_paths) if state else []
    return names if names and state.model_checkpoint_path == names[-1] else []


def _is_list_whole(run: RunFolder) -> bool:
    """Whether TensorFlow's list names checkpoints that the folder holds, and no others. The folder
    holds one more if the process was killed before it deleted the oldest or listed the newest."""
    names = [Path(path).name for path in _listed(run)]
    return bool(names) and all(
        _NAME.fullmatch(name) and (run.checkpoints / f"{name}.index").exists() for name in names
    )


class _MisfitError(Exception):
    """A checkpoint has other variables than the graph, or variables of other shapes."""


class Checkpoints:
    """Saves and restores all of a training graph's variables except the data set.

    tf.train.Saver writes to temporary names and renames them; a run killed while it saves resumes
    from the checkpoint before. TensorFlow stores a checksum of each variable's bytes and of each
    block of the index, and checks them when it restores: it notices every byte that changes a
    variable.
    """

    def __init__(self, run: RunFolder, graph: TrainingGraph) -> None:
        self._prefix = str(run.checkpoints / "checkpoint")
        self._list = run.checkpoints / "checkpoint"  # TensorFlow's list of checkpoints
        self._run = run
        self._variables = graph.saved
        with graph.graph.as_default():
            # Relative paths, so that a run's folder can be moved.
            self._saver = tf1.train.Saver(
                graph.saved, max_to_keep=KEPT_CHECKPOINTS, save_relative_paths=True
            )

    def save(self, session: tf1.Session, step: int) -> None:
        """Writes a checkpoint, numbered by its global step. Raises UserError if it cannot."""
        try:
            self._saver.save(session, self._prefix, global_step=step, write_meta_graph=False)
            # The one before is on the disk already, so one of the two survives a power failure.
            for file in (*_files(f"{self._prefix}-{step}"), self._list):
                sync(file)
            sync_folder(self._run.checkpoints)
        except (tf.errors.OpError, OSError, ValueError) as error:
            raise UserError(
                f"{self._prefix}-{step}: cannot be written ({reason_of(error)})"
            ) from None

    def resume(self, session: tf1.Session) -> bool:
        """Restores the newest checkpoint that is whole; False if there is none yet.

        A warning names the damaged ones, and they are deleted, as is what a killed process had not
        finished: the caller makes sure that no other process trains this run. Raises UserError if
        all are damaged, or if one cannot be opened or does not fit the graph.
        """
        for pattern in _TEMPORARY_NAMES:
            for file in self._run.checkpoints.glob(pattern):
                file.unlink(missing_ok=True)
        prefixes = checkpoint_prefixes(self._run)
        damages: dict[str, str] = {}
        for number, prefix in reversed(list(enumerate(prefixes, 1))):
            try:
                self._restore(session, prefix)
            except _DAMAGE as error:
                damages[prefix] = reason_of(error)
                continue
            self._warn(damages, prefix)
            whole = [each for each in prefixes[:number] if Path(f"{each}.index").exists()]
            kept = whole[-KEPT_CHECKPOINTS:]
            self._saver.recover_last_checkpoints(kept)
            # The others are damaged, or a killed process had not finished deleting them.
            if deleted := [each for each in prefixes if each not in kept]:
                self._delete(deleted, kept)
            return True
        if damages:
            raise UserError(
                f"{self._run.checkpoints}: no checkpoint can be restored ({_listing(damages)}); "
                "put one back, or delete this folder to train the run again from its first step"
            )
        return False

    def restore_newest(self, session: tf1.Session) -> None:
        """Restores the newest checkpoint, and none but this one.

        Raises UserError if there is none, or if it is damaged or does not fit the graph.
        """
        for prefix in checkpoint_prefixes(self._run)[-1:]:
            try:
                return self._restore(session, prefix)
            except _DAMAGE as error:
                raise UserError(
                    f"{prefix}: this checkpoint cannot be restored ({reason_of(error)}); "
                    f"--resume {self._run.path} goes on from the one before"
                ) from None
        raise UserError(f"{self._run.checkpoints}: expected a checkpoint, found none")

    def _restore(self, session: tf1.Session, prefix: str) -> None:
        """Restores one checkpoint. Raises one of _DAMAGE if it is damaged: then some of the
        variables may be restored, others not. Raises UserError if it does not fit the graph."""
        if not Path(f"{prefix}.index").exists():
            raise ValueError("its .index file is missing")
        try:
            for file in _files(prefix):
                file.open("rb").close()  # a file that the user may not read is not damaged
            self._check_shapes(prefix)
        except (_MisfitError, OSError) as error:
            raise UserError(f"{prefix}: this checkpoint cannot be restored ({error})") from None
        self._saver.restore(session, prefix)

    def _check_shapes(self, prefix: str) -> None:
        # TensorFlow would restore a variable of another shape silently.
        shapes = dict(tf.train.list_variables(prefix))
        for variable in self._variables:
            expected, found = variable.shape.as_list(), shapes.get(variable.op.name)
            if found != expected:
                missing = "no such variable"
                raise _MisfitError(
                    f"{variable.op.name}: expected shape {expected}, "
                    f"found {missing if found is None else found}"
                )

    def _warn(self, damages: dict[str, str], used: str) -> None:
        if damages:
            log.warning(
                f"warning: {self._run.checkpoints}: damaged: {_listing(damages)}; "
                f"goes on from the one before, {Path(used).name}"
            )
        elif not _is_list_whole(self._run):
            log.warning(
                f"warning: {self._list}: damaged or missing; "
                f"goes on from the newest checkpoint in this folder, {Path(used).name}"
            )

    def _delete(self, deleted: Iterable[str], kept: Sequence[str]) -> None:
        """Deletes checkpoints, and writes TensorFlow's list anew, of those that are kept."""
        try:
            for file in [file for prefix in deleted for file in _files(prefix)]:
                file.unlink()
            names = [Path(prefix).name for prefix in kept]
            fields = [("model_checkpoint_path", names[-1])]
            fields += [("all_model_checkpoint_paths", name) for name in names]
            lines = [f'{field}: "{name}"\n' for field, name in fields]
            write_text(self._list, "".join(lines))
        except OSError as error:
            folder = self._run.checkpoints
            raise UserError(f"{folder}: cannot be written to ({error.strerror})") from None


def _files(prefix: str) -> list[Path]:
    """The files of a checkpoint, as many as there are."""
    return [*Path(prefix).parent.glob(f"{Path(prefix).name}.*")]


def _listing(damages: dict[str, str]) -> str:
    return ", ".join(f"{Path(prefix).name} ({reason})" for prefix, reason in damages.items())
