"""Manifests of cram: what `srun --cram=manifest.pb` is to run.

    from cram import Manifest

    with Manifest("m.pb", "w") as m:
        for i in range(1000000):
            m.pack(1, f"run-{i}", ["model", f"input.{i}"])

    with Manifest("m.pb", "w") as m:
        m.pack_table(["model", "--rate={rate}", "--seed={seed:03d}"],
                     {"rate": rates, "seed": range(len(rates))}, mem="200M")

    for subjob in Manifest("m.pb"):
        print(subjob.index, subjob.argv, subjob.params)

See cram-python(3).
"""

import datetime
import operator
import os
from types import TracebackType
from typing import (Any, Iterator, List, Mapping, Optional, Sequence, Type,
                    Union, overload)

from ._columns import columns_of, piece
from ._cram import Error, Packer, Reader, SubJob

__all__ = ["Error", "Manifest", "SubJob"]

Text = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Time = Union[str, datetime.timedelta]


class Manifest:
    """A manifest: a sequence of sub-jobs when it is read, and a context
    manager when it is written.

    mode: "r" to read; "w" to write a new manifest, which replaces one of that
    name; "a" to add to one that is there. What is written is under its name
    only once `close()`, or the `with` block, has ended well: after an exception
    the name stands for what it stood for before.

    cram.Error, a ValueError, is raised for all that `cram pack` and `cram info`
    would refuse, in their words; TypeError for values of the wrong type. One
    about an argument adds nothing, and the next call may be right; after one
    about a table's placeholders or rows, or about writing, `close()` fails as
    well.
    """

    def __init__(self, path: Text, mode: str = "r") -> None:
        self._reader: Optional[Reader] = None
        self._packer: Optional[Packer] = None
        if mode == "r":
            self._reader = Reader.open(path)
        elif mode == "w":
            self._packer = Packer.create(path)
        elif mode == "a":
            self._packer = Packer.add_to(path)
        else:
            raise Error(f"mode: '{mode}' is none of r, w and a")
        if self._packer and type(self).pack is Manifest.pack:
            # Without the call below, which takes as long as packing.
            self.__dict__["pack"] = self._packer.pack

    def _open_packer(self) -> Packer:
        if self._packer is None:
            raise Error("this manifest is not open for writing")
        return self._packer

    # Writing.

    def pack(self, nprocs: int, cwd: Optional[Text],
             args: Sequence[Text],
             env: Optional[Mapping[Any, Any]] = None, *,
             cpus: Optional[int] = None, mem: Optional[str] = None,
             mem_mode: Optional[str] = None,
             time: Optional[Time] = None, mpi: Optional[str] = None,
             retry_codes: Optional[str] = None,
             name: Optional[Text] = None, stdin: Optional[Text] = None,
             stdout: Optional[Text] = None,
             stderr: Optional[Text] = None) -> None:
        """Adds one sub-job; as CramFile.pack of LLNL's Cram. Texts are taken
        as they are: braces are no placeholders.

        nprocs: its ranks, at least 1. cwd: directory to run in; None: that of
        the run. args: program and arguments; empty: the command that is given
        to srun or cram run.

        env: its whole environment, as a mapping of texts; None: that of the
        run. What is stored is the first one that is packed, and of each other
        the changes to it. So a sub-job gets all these variables with these
        values and none that only the first has. Others of the run stay. What
        says nothing of a sub-job is left out: PWD, OLDPWD, SHLVL, _, and what
        begins with SLURM, PMI, CRAM_ or SPANK_.

        cpus: of a rank. mem: the cap, a text with its unit: "200M", "1.5G".
        mem_mode: "cgroup", or "rlimit" for a limit of the address space below
        it as well.
        time: the limit, a timedelta or a text: "90s", "1h30m", Slurm's
        "HH:MM:SS". mpi: "auto", "node", "pmix", "pmi1" or "none". retry_codes:
        which ends are worth another attempt, where the run makes any: "on=75",
        "except=1-10". name: what to call it. stdin, stdout, stderr: files. None
        is the run's default.
        """
        self._open_packer().pack(
            nprocs, cwd, args, env, cpus=cpus, mem=mem, mem_mode=mem_mode,
            time=time, mpi=mpi, retry_codes=retry_codes, name=name,
            stdin=stdin, stdout=stdout, stderr=stderr)

    def pack_table(self, command: Optional[Sequence[Text]], columns: Any, *,
                   nprocs: Optional[int] = None, cwd: Optional[Text] = None,
                   env: Optional[Mapping[Any, Any]] = None,
                   cpus: Optional[int] = None, mem: Optional[str] = None,
                   mem_mode: Optional[str] = None,
                   time: Optional[Time] = None, mpi: Optional[str] = None,
                   retry_codes: Optional[str] = None,
                   name: Optional[Text] = None, stdin: Optional[Text] = None,
                   stdout: Optional[Text] = None,
                   stderr: Optional[Text] = None) -> None:
        """Adds a sub-job for each row of a table, as `cram pack --csv`.

        command: program and arguments; None or empty: the command that is
        given to srun or cram run. They, and the texts in cwd, env, name, stdin,
        stdout and stderr, may hold {column}, {column:08d} and {index}; {{ is a
        brace.

        columns: a mapping of names to sequences of one length (lists, ranges,
        NumPy arrays of one dimension), a pandas DataFrame or a NumPy array with
        named fields. Texts are taken as they are, of other values str(). A
        missing value (None, NaN, NaT, pandas.NA) is an error.

        env: changes, from names to texts, or to None for a variable that is
        removed. The others: as for pack().
        """
        packer = self._open_packer()
        table = columns_of(columns)
        packer.pack_table(
            list(table), len(next(iter(table.values()))),
            lambda first: [piece(column, first) for column in table.values()],
            nprocs, cwd, command or (), env, cpus, mem, mem_mode, time, mpi,
            retry_codes, name, stdin, stdout, stderr)

    def close(self) -> None:
        """Gives what was written its name; also when it is called again.
        cram.Error: nothing was packed, or it cannot be written."""
        packer = self._packer
        self._discard()
        if packer is not None:
            packer.finish()

    def _discard(self) -> None:
        self._packer = self._reader = None
        self.__dict__.pop("pack", None)

    def __enter__(self) -> "Manifest":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()

    # Reading.

    def _read(self) -> Reader:
        if self._reader is None:
            raise Error("this manifest is not open for reading")
        return self._reader

    def __len__(self) -> int:
        return self._read().size()

    @overload
    def __getitem__(self, index: int) -> SubJob: ...

    @overload
    def __getitem__(self, index: slice) -> List[SubJob]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[SubJob,
                                                             List[SubJob]]:
        """A sub-job, from the end when `index` is negative, or a list of them.
        IndexError: there is none."""
        reader = self._read()
        size = reader.size()
        if isinstance(index, slice):
            return [reader.get(i) for i in range(*index.indices(size))]
        place = operator.index(index)
        if not -size <= place < size:
            raise IndexError(f"no sub-job {place}; the last is {size - 1}")
        return reader.get(place % size)

    def __iter__(self) -> Iterator[SubJob]:
        reader = self._read()
        for index in range(reader.size()):
            yield reader.get(index)
