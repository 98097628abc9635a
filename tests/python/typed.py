"""What a user's program may look like to mypy: what is right passes, and what
is wrong is said. Checked, never run."""

import datetime
import pathlib
from typing import Dict, List, Optional, assert_type

from cram import Error, Manifest, SubJob


def write(path: pathlib.Path, environment: Dict[str, str]) -> None:
    with Manifest(path, "w") as manifest:
        assert_type(manifest, Manifest)
        manifest.pack(1, "run", ["model", b"1"], environment, mem="200M",
                      time=datetime.timedelta(minutes=3))
        manifest.pack(nprocs=2, cwd=None, args=("model", path), mpi="auto",
                      retry_codes="on=75")
        manifest.pack_table(["model", "{rate}", "{seed:03d}"],
                            {"rate": [0.1, 0.2], "seed": range(2)},
                            env={"HOME": None}, time="90s")
        manifest.pack_table(None, {"rate": [0.1]})
    Manifest(path, "a").close()


def read(path: str) -> List[str]:
    manifest = Manifest(path)
    assert_type(manifest[0], SubJob)
    assert_type(manifest[-2:], List[SubJob])
    assert_type(len(manifest), int)
    first = manifest[0]
    assert_type(first.argv, List[str])
    assert_type(first.env, Dict[str, Optional[str]])
    assert_type(first.memory_bytes, Optional[int])
    try:
        return [subjob.hash for subjob in manifest]
    except Error as error:
        return list(map(str, error.args))


def go_wrong(manifest: Manifest) -> None:
    manifest.pack("1", None, ["model"])  # type: ignore[arg-type]
    manifest.pack(1, None, ["model"], mem=200)  # type: ignore[arg-type]
    manifest.pack(1, None)  # type: ignore[call-arg]
    manifest.pack(1, None, ["model"], cpu=1)  # type: ignore[call-arg]
    manifest["0"]  # type: ignore[call-overload]
    manifest[0].argv = []  # type: ignore[misc]
