"""Many agents, very many sub-jobs, three agents killed on the way."""
import collections
import os
import random
import shutil
import signal
import tempfile
import time

from grounds import Broken, pids_of, send, wait_until

LOST = 3


def indexes(ground, run, *options):
    result = ground.run([ground.cramacct, "-nP", "-j", run, "-o", "index",
                         *options])
    return result.stdout.split()


def play(ground, nodes, subjobs):
    work = tempfile.mkdtemp(prefix="cram-faults.")
    try:
        os.mkdir(f"{work}/tmp")
        ground.prepare(work)
        # As many agents on a few CPUs are slow to answer.
        ground.env["CRAM_PATIENCE"] = "20"
        ground.run([ground.cram, "pack", "-o", "m.pb", "--mem", "20M",
                    "--param", f"i=1..{subjobs}", "--", "true"])
        with open(f"{work}/log", "wb") as log:
            start = time.monotonic()
            process = ground.start_nodes(nodes, 2, f"{work}/m.pb", None, work,
                                         "/dev/null", log)
            kill_some(ground, f"{work}/cram-1.0", subjobs)
            status = process.wait(3600)
            seconds = time.monotonic() - start
        ground.settle()
        if status != 0:
            with open(f"{work}/log", errors="replace", encoding="ascii") as log:
                raise Broken(f"status {status}; {''.join(list(log)[-20:])}")
        check(ground, f"{work}/cram-1.0", subjobs)
        lost = len(indexes(ground, f"{work}/cram-1.0", "-D", "-s", "NF"))
        print(f"{nodes} agents, {LOST} of them killed: {subjobs} sub-jobs "
              f"completed once each, {lost} of them run again; "
              f"{seconds:.0f} s, {subjobs / seconds:.0f}/s")
        return 0
    except Broken as error:
        print(error)
        return 1
    finally:
        for pid in pids_of(work):
            send(pid, signal.SIGKILL)
        ground.clear()
        shutil.rmtree(work, ignore_errors=True)


def kill_some(ground, run, subjobs):
    """One after the other: at a twentieth, a third, a half of the run."""
    rng = random.Random(1)
    for part in (0.05, 0.33, 0.5):
        wait_until(lambda: len(indexes(ground, run, "-s", "CD")) >
                   part * subjobs, 3600, "the run stands still")
        # The first one's death is another matter.
        first = ground.now.nodes[0].process.pid
        agents = [both for both in ground.agents() if both[0] != first]
        ground.kill_both(*rng.choice(agents))


def check(ground, run, subjobs):
    times = collections.Counter(indexes(ground, run, "-D", "-s", "CD"))
    if len(times) != subjobs or set(times.values()) != {1}:
        raise Broken(f"{len(times)} completed, {sum(times.values())} records")
