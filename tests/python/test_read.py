"""Manifest as a sequence of sub-jobs."""

import importlib.machinery
import importlib.util
import os
import unittest

from cram import Error, Manifest
from support import InDirectory


def llnl_writer():
    """The class that writes LLNL Cram's files, of the benchmark."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "../bench/manifest")
    loader = importlib.machinery.SourceFileLoader("bench_manifest", path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.CramFile


class Read(InDirectory):
    def setUp(self):
        super().setUp()
        self.cram("pack", "-o", "m.pb", "--param", "x=10..13", "--mem", "200M",
                  "--time", "90s", "--retry-codes", "on=75", "--env", "X={x}",
                  "--cwd", "/d{x}", "--name", "n{x}", "--", "model", "{x}")

    def test_is_a_sequence(self):
        manifest = Manifest("m.pb")
        self.assertEqual(len(manifest), 4)
        self.assertEqual(manifest[0].argv, ["model", "10"])
        self.assertEqual(manifest[-1].argv, ["model", "13"])
        self.assertEqual([s.index for s in manifest], [0, 1, 2, 3])
        self.assertEqual([s.index for s in manifest[1:]], [1, 2, 3])
        self.assertEqual([s.index for s in manifest[::-2]], [3, 1])
        self.assertEqual([s.index for s in reversed(manifest)], [3, 2, 1, 0])

    def test_beyond_its_ends_has_nothing(self):
        for index in (4, -5, 2**70):
            with self.assertRaisesRegex(IndexError, "the last is 3"):
                Manifest("m.pb")[index]

    def test_has_what_cram_info_has(self):
        shown = self.shown("m.pb", 2)
        del shown["told"]  # depends on the cap that the run gives
        subjob = Manifest("m.pb")[2]
        for name, value in shown.items():
            with self.subTest(name):
                if name == "env":
                    value = {v["name"]: v["value"] for v in value}
                self.assertEqual(getattr(subjob, name), value or
                                 ("" if value == "" else None))

    def test_takes_a_sub_job_beyond_the_manifest(self):
        subjob = Manifest("m.pb")[1]
        os.unlink("m.pb")
        self.assertEqual(subjob.params, {"x": "11"})
        self.assertEqual(repr(subjob),
                         "SubJob(index=1, argv=['model', '11'])")

    def test_closes_with_its_block(self):
        with Manifest("m.pb") as manifest:
            self.assertEqual(len(manifest), 4)
        with self.assertRaisesRegex(Error, "not open for reading"):
            len(manifest)

    def test_is_not_for_who_writes(self):
        with self.assertRaisesRegex(Error, "not open for reading"):
            Manifest("new.pb", "w")[0]

    def test_refuses_in_the_words_of_the_command(self):
        with open("text", "w") as file:
            file.write("no manifest\n" * 100)
        for path in ("missing", "text"):
            with self.assertRaises(Error) as raised:
                Manifest(path)
            self.assertEqual(str(raised.exception), self.refusal("info", path))
            self.assertIsInstance(raised.exception, ValueError)


class Same(InDirectory):
    """However sub-jobs were packed, equal ones have equal hashes."""

    def test_as_cram_pack_csv(self):
        rows = [(i, i / 7, f"word {i}") for i in range(500)]
        with open("t.csv", "w") as file:
            file.write("i,x,w\n")
            for row in rows:
                file.write("%s,%s,%s\n" % row)
        command = ["model", "{i:05d}", "{x:.3f}", "{w}", "{x}"]
        self.cram("pack", "-o", "csv.pb", "--csv", "t.csv", "--mem", "200M",
                  "--cwd", "/run-{i}", "--env", "W={w}", "--", *command)
        with Manifest("table.pb", "w") as manifest:
            manifest.pack_table(command, {
                "i": [row[0] for row in rows], "x": [row[1] for row in rows],
                "w": [row[2] for row in rows]}, mem="200M", cwd="/run-{i}",
                env={"W": "{w}"})
        with Manifest("single.pb", "w") as manifest:
            for i, x, w in rows:
                manifest.pack(1, f"/run-{i}", ["model", f"{i:05d}", f"{x:.3f}",
                                               w, str(x)], {"W": w}, mem="200M")
        self.assertEqual(len(set(self.hashes("csv.pb"))), 500)
        self.assertEqual(self.hashes("table.pb"), self.hashes("csv.pb"))
        self.assertEqual(self.hashes("single.pb"), self.hashes("csv.pb"))

    def test_as_cram_pack_from_cram(self):
        environments = [{"A": "1", "B": "{b}", "PWD": "/"}, {"A": "1"},
                        {"A": "2", "B": "{b}", "C": "3", "SLURM_JOB_ID": "7"}]
        jobs = [(1 + i, f"/run-{i}", ["model", f"{{{i}}}"], environment)
                for i, environment in enumerate(environments)]
        llnl = llnl_writer()("llnl")
        with Manifest("m.pb", "w") as manifest:
            for job in jobs:
                llnl.pack(*job)
                manifest.pack(*job)
        llnl.close()
        self.cram("pack", "-o", "llnl.pb", "--from-cram", "llnl")
        self.assertEqual(self.hashes("m.pb"), self.hashes("llnl.pb"))
        for ours, theirs in zip(Manifest("m.pb"), Manifest("llnl.pb")):
            self.assertEqual(ours.env, theirs.env)


if __name__ == "__main__":
    unittest.main()
