"""Manifest.pack: one sub-job a call."""

import collections
import datetime
import functools
import os
import pathlib
import random
import sys
import threading
import unittest

from cram import Error, Manifest
from support import InDirectory


def packed(*calls):
    """The sub-jobs that these calls of pack() give: (arguments, options)."""
    with Manifest("m.pb", "w") as manifest:
        for arguments, options in calls:
            manifest.pack(*arguments, **options)
    return list(Manifest("m.pb"))


class Pack(InDirectory):
    def test_has_the_order_of_llnl_cram(self):
        [subjob] = packed(((2, "/work", ["model", "7"], {"SEED": "7"}), {}))
        self.assertEqual(subjob.ranks, 2)
        self.assertEqual(subjob.cwd, "/work")
        self.assertEqual(subjob.argv, ["model", "7"])
        self.assertEqual(subjob.env, {"SEED": "7"})

    def test_keeps_every_option(self):
        [subjob] = packed(((1, None, ["model"]), dict(
            cpus=3, mem="1.5G", mem_mode="rlimit", time="1m30s", name="run {7}",
            retry_codes="on=75", stdin="in", stdout="out", stderr="err")))
        self.assertEqual(
            (subjob.cpus, subjob.memory_bytes, subjob.mem_mode,
             subjob.time_limit_seconds, subjob.name, subjob.retry_codes,
             subjob.stdin, subjob.stdout, subjob.stderr),
            (3, 3 << 29, "rlimit", 90.0, "run {7}", "on=75", "in", "out",
             "err"))

    def test_takes_arguments_by_name(self):
        [by_name, by_place] = packed(
            ((), {"args": ["m"], "env": {"A": "1"}, "cwd": "/", "nprocs": 2}),
            ((2, "/", ["m"], {"A": "1"}), {}))
        self.assertEqual(by_name.hash, by_place.hash)

    def test_may_be_replaced_in_a_class_of_its_own(self):
        class Quiet(Manifest):
            def pack(self, word):
                super().pack(1, None, ["quiet", word])

        with Quiet("m.pb", "w") as manifest:
            manifest.pack("it")
        self.assertEqual(Manifest("m.pb")[0].argv, ["quiet", "it"])

    def test_leaves_to_the_run_what_nobody_said(self):
        [subjob] = packed(((1, None, ["model"]), {}))
        self.assertEqual(
            (subjob.cpus, subjob.memory_bytes, subjob.time_limit_seconds,
             subjob.cwd, subjob.env, subjob.params, subjob.ranks),
            (None, None, None, "", {}, {}, 1))

    def test_takes_a_timedelta(self):
        [subjob] = packed(((1, None, ["model"]),
                           {"time": datetime.timedelta(seconds=1.25)}))
        self.assertEqual(subjob.time_limit_seconds, 1.25)

    def test_forgets_the_resources_of_the_last_call(self):
        subjobs = packed(((2, None, ["a"]), {"mem": "1G", "cpus": 2}),
                         ((1, None, ["b"]), {"mem": "2G"}),
                         ((1, None, ["c"]), {}))
        self.assertEqual([s.ranks for s in subjobs], [2, 1, 1])
        self.assertEqual([s.memory_bytes for s in subjobs],
                         [1 << 30, 2 << 30, None])
        self.assertEqual([s.cpus for s in subjobs], [2, None, None])

    def test_takes_braces_as_they_are(self):
        subjobs = packed(*(((1, "/{x}", ["{index}", "}"], {"A": "{", "B": b}),
                            {}) for b in ("}{", "}}")))
        for subjob, b in zip(subjobs, ("}{", "}}")):
            self.assertEqual(subjob.argv, ["{index}", "}"])
            self.assertEqual(subjob.cwd, "/{x}")
            self.assertEqual(subjob.env["B"], b)

    def test_takes_paths_bytes_and_any_file_name(self):
        name = os.fsdecode(b"caf\xc3\xa9-\xff")
        [subjob] = packed(((1, pathlib.Path("/work"), [b"model\xff", name]),
                           {"stdin": pathlib.Path(name)}))
        self.assertEqual(subjob.cwd, "/work")
        self.assertEqual(subjob.argv, [os.fsdecode(b"model\xff"), name])
        self.assertEqual(subjob.stdin, name)

    def test_of_no_words_runs_the_command_of_the_run(self):
        subjobs = packed(((1, None, ["a"]), {}), ((1, None, []), {}),
                         ((1, None, ["<exe>"]), {}))
        self.assertEqual([s.argv for s in subjobs], [["a"], [], []])

    def test_of_longer_and_shorter_commands_mixes_no_words(self):
        subjobs = packed(*(((1, None, words), {}) for words in
                           (["a", "b", "c"], ["d"], ("e", "f"))))
        self.assertEqual([s.argv for s in subjobs],
                         [["a", "b", "c"], ["d"], ["e", "f"]])


class Environment(InDirectory):
    def environments(self, *environments):
        return [s.env for s in packed(*(
            ((1, None, ["model"], environment), {})
            for environment in environments))]

    def test_is_whole_for_each(self):
        base = {"A": "1", "B": "2", "C": "3"}
        changed = {**base, "B": "two", "D": "4"}
        self.assertEqual(self.environments(base, changed, base),
                         [base, changed, base])

    def test_may_be_the_same_dict_changed(self):
        environment = {"A": "1", "SEED": ""}

        def calls():
            for seed in range(3):
                environment["SEED"] = str(seed)
                yield environment
        self.assertEqual([e["SEED"] for e in self.environments(*[
            dict(e) for e in calls()])], ["0", "1", "2"])
        with Manifest("same.pb", "w") as manifest:
            for environment in calls():
                manifest.pack(1, None, ["model"], environment)
        self.assertEqual([s.env["SEED"] for s in Manifest("same.pb")],
                         ["0", "1", "2"])

    def test_removes_what_only_the_first_has(self):
        self.assertEqual(self.environments({"A": "1", "B": "2"}, {"B": "2"}),
                         [{"A": "1", "B": "2"}, {"A": None, "B": "2"}])

    def test_may_come_in_any_order_and_of_new_objects(self):
        first = {"A" * 9: "x" * 9, "B" * 9: "y" * 9}
        other = {bytearray(k.encode()).decode(): bytearray(v.encode()).decode()
                 for k, v in reversed(first.items())}
        with Manifest("m.pb", "w") as manifest:
            manifest.pack(1, None, ["model"], first)
            manifest.pack(1, None, ["model"], other)
        self.assertEqual(Manifest("m.pb")[1].env, first)
        self.assertEqual(len(set(self.hashes("m.pb"))), 1)

    def test_may_be_os_environ(self):
        os.environ["CAFÉ"] = "é"
        self.addCleanup(os.environ.pop, "CAFÉ")
        seen = {}
        with Manifest("m.pb", "w") as manifest:
            for seed in "01":
                os.environ["SEED"] = seed
                self.addCleanup(os.environ.pop, "SEED", None)
                manifest.pack(1, None, ["model"], os.environ)
                manifest.pack(1, None, ["model"], dict(os.environ))
                seen[seed] = dict(os.environ)
        subjobs = list(Manifest("m.pb"))
        for place, seed in enumerate("0011"):
            self.assertEqual(subjobs[place].env["SEED"], seed)
            self.assertEqual(subjobs[place].env["CAFÉ"], "é")
            self.assertEqual(subjobs[place].env["PATH"], seen[seed]["PATH"])

    def test_may_be_changed_in_any_way_between(self):
        source = random.Random(1)
        names = [f"V{i}" for i in range(6)] + ["PWD"]
        values = [str(i) for i in range(3)]
        first = {name: "0" for name in names}
        env, other = dict(first), {}
        wanted = []
        with Manifest("m.pb", "w") as manifest:
            manifest.pack(1, None, ["m"], first)
            for _ in range(3000):
                for _ in range(source.choice((0, 1, 1, 1, 1, 2))):
                    change = source.random()
                    if change < 0.1:
                        env.pop(source.choice(names), None)
                    elif change < 0.9:
                        env[source.choice(names[-2:] * 3 + names)] = (
                            source.choice(values))
                    else:
                        env = dict(env)
                # What is done to others is counted by Python, too.
                if source.random() < 0.2:
                    other["x"] = source.random()
                manifest.pack(1, None, ["m"], env)
                wanted.append(dict(env))
        for subjob, whole in zip(Manifest("m.pb")[1:], wanted):
            seen = {name: value for name, value in subjob.env.items()
                    if value is not None}
            whole.pop("PWD", None)
            self.assertEqual(seen, whole)

    def test_leaves_out_what_belongs_to_a_shell_or_a_step(self):
        foreign = {"PWD": "/", "SLURM_JOB_ID": "1", "PMI_RANK": "0", "_": "x"}
        self.assertEqual(
            self.environments({"A": "1", **foreign},
                              {"A": "1", "OLDPWD": "/", "CRAM_INDEX": "3"}),
            [{"A": "1"}, {"A": "1"}])

    def test_and_none_of_its_own_go_together(self):
        self.assertEqual(self.environments({"A": "1"}, None, {"A": "2"}),
                         [{"A": "1"}, {}, {"A": "2"}])


class Refusals(InDirectory):
    def assert_refused(self, kind, message, *arguments, **options):
        with Manifest("m.pb", "w") as manifest:
            manifest.pack(1, None, ["before"])
            with self.assertRaises(kind) as raised:
                manifest.pack(*arguments, **options)
            manifest.pack(1, None, ["behind"])
        self.assertEqual(str(raised.exception), message)
        self.assertEqual([s.argv for s in Manifest("m.pb")],
                         [["before"], ["behind"]])

    def test_add_nothing_and_harm_nothing(self):
        command = (1, None, ["model"])
        for kind, message, arguments, options in (
                (Error, "nprocs: '0' is not a whole number of at least 1",
                 (0, None, ["m"]), {}),
                (TypeError, "nprocs: an int, not str", ("2", None, ["m"]), {}),
                (TypeError, "nprocs: an int, not bool", (True, None, ["m"]),
                 {}),
                (TypeError, "args: a list of words, not str", (1, None, "ls"),
                 {}),
                (TypeError, "args[1]: a str, bytes or os.PathLike, not int",
                 (1, None, ["m", 3]), {}),
                (Error, "args: '<exe>' stands for the command of the run, with "
                 "all its words; name the program to give it others",
                 (1, None, ["<exe>", "1"]), {}),
                (Error, "args[0]: has a NUL character", (1, None, ["m\0"]), {}),
                (TypeError, "cwd: a str, bytes or os.PathLike, not int",
                 (1, 3, ["m"]), {}),
                (TypeError, "env: a mapping of texts, not list",
                 (*command, ["A=1"]), {}),
                (TypeError, "env A: a str, bytes or os.PathLike, not int",
                 (*command, {"A": 1}), {}),
                (Error, "env A: has a NUL character", (*command, {"A": "\0"}),
                 {}),
                (TypeError, "mem: a text such as '200M', not int", command,
                 {"mem": 200}),
                (TypeError, "time: a text such as '1h30m' or a timedelta, not "
                 "float", command, {"time": 1.5}),
                (Error, "mpi: 'hydra' is none of auto, node, pmix, pmi1 and none",
                 command, {"mpi": "hydra"})):
            with self.subTest(message):
                self.assert_refused(kind, message, *arguments, **options)

    def test_bind_arguments_as_python_does(self):
        for message, arguments, options in (
                ("pack() missing required argument: 'args'", (1, None), {}),
                ("pack() takes 4 positional arguments but 5 were given",
                 (1, None, ["m"], {}, 3), {}),
                ("pack() got an unexpected keyword argument 'memory'",
                 (1, None, ["m"]), {"memory": "1G"}),
                ("pack() got multiple values for argument 'cwd'",
                 (1, None, ["m"]), {"cwd": "/"})):
            with self.subTest(message):
                self.assert_refused(TypeError, message, *arguments, **options)

    def test_have_one_line(self):
        with self.assertRaises(Error) as raised:
            with Manifest("m.pb", "w") as manifest:
                manifest.pack_table(["m"], {"a\nb": [1]})
        self.assertIn("'a\\nb'", str(raised.exception))

    def test_have_the_words_of_the_command(self):
        for option, value in (("mem", "much"), ("mem", "0"), ("time", "soon"),
                              ("cpus", "0"), ("mem_mode", "hard"),
                              ("retry_codes", "all")):
            with self.subTest(option=option, value=value):
                written = "--" + option.replace("_", "-")
                expected = self.refusal("pack", "-o", "c.pb", written, value,
                                        "--", "model")
                self.assert_refused(
                    Error, expected.replace(f"{written}: ", f"{option}: "), 1,
                    None, ["m"],
                    **{option: int(value) if option == "cpus" else value})

    def test_of_a_variables_name_say_which(self):
        for name in ("", "A=B"):
            for first in ({}, {"A": "1"}):
                with self.subTest(name=name, first=first):
                    with Manifest("m.pb", "w") as manifest:
                        manifest.pack(1, None, ["m"], first)
                        with self.assertRaisesRegex(
                                Error, f"^env: '{name}' is not a variable's"):
                            manifest.pack(1, None, ["m"], {**first, name: "1"})

    def test_leave_an_arguments_own_exception_as_it_is(self):
        def words():
            yield "model"
            raise KeyError("no input")

        with Manifest("m.pb", "w") as manifest:
            with self.assertRaisesRegex(KeyError, "no input"):
                manifest.pack(1, None, words())
            manifest.pack(1, None, ["model"])

    def test_of_an_argument_that_packs_itself(self):
        with Manifest("m.pb", "w") as manifest:
            def words():
                manifest.pack(1, None, ["inner"])
                yield "outer"

            with self.assertRaisesRegex(RuntimeError, "packs into"):
                manifest.pack(1, None, words())
            manifest.pack(1, None, ["model"])
        self.assertEqual([s.argv for s in Manifest("m.pb")], [["model"]])

    def test_of_the_first_environment_does_not_make_it_the_first(self):
        with Manifest("m.pb", "w") as manifest:
            with self.assertRaises(TypeError):
                manifest.pack(1, None, ["m"], {"A": "1", "B": 2})
            manifest.pack(1, None, ["m"], {"C": "3"})
        self.assertEqual(Manifest("m.pb")[0].env, {"C": "3"})


class Threads(InDirectory):
    """Python may change the thread wherever an argument runs Python code."""

    def setUp(self):
        super().setUp()
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(1e-6)

    def run_all(self, *functions):
        threads = [threading.Thread(target=function) for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_mix_no_sub_jobs(self):
        def pack(name):
            for i in range(5000):
                path = pathlib.PurePosixPath(f"/{name}/{i}")
                manifest.pack(1, path, [path, str(path)], name=path)

        with Manifest("m.pb", "w") as manifest:
            self.run_all(*(functools.partial(pack, n) for n in range(4)))
        subjobs = list(Manifest("m.pb"))
        self.assertEqual(len({s.name for s in subjobs}), 20000)
        for subjob in subjobs:
            self.assertEqual((subjob.cwd, subjob.argv),
                             (subjob.name, [subjob.name, subjob.name]))

    def test_mix_no_tables(self):
        def pack_table(name):
            for _ in range(4):
                manifest.pack_table([name, "{x}"], {"x": range(10000)})

        def pack():
            for _ in range(10000):
                manifest.pack(1, None, ["single"])

        with Manifest("m.pb", "w") as manifest:
            self.run_all(functools.partial(pack_table, "a"),
                         functools.partial(pack_table, "b"), pack)
        self.assertEqual(
            collections.Counter(s.argv[0] for s in Manifest("m.pb")),
            {"a": 40000, "b": 40000, "single": 10000})


class Files(InDirectory):
    def test_have_their_name_only_when_all_went_well(self):
        with self.assertRaises(RuntimeError):
            with Manifest("m.pb", "w") as manifest:
                manifest.pack(1, None, ["model"])
                self.assertFalse(os.path.exists("m.pb"))
                raise RuntimeError
        self.assertEqual(os.listdir(), [])

    def test_that_were_there_stay_after_an_exception(self):
        packed(((1, None, ["old"]), {}))
        for mode in "wa":
            with self.assertRaises(KeyboardInterrupt):
                with Manifest("m.pb", mode) as manifest:
                    manifest.pack(1, None, ["new"])
                    raise KeyboardInterrupt
            self.assertEqual([s.argv for s in Manifest("m.pb")], [["old"]])
            self.assertEqual(os.listdir(), ["m.pb"])

    def test_of_a_forgotten_manifest_go_with_it(self):
        manifest = Manifest("m.pb", "w")
        manifest.pack(1, None, ["model"])
        del manifest
        self.assertEqual(os.listdir(), [])

    def test_may_be_closed_without_with_and_twice(self):
        manifest = Manifest("m.pb", "w")
        manifest.pack(1, None, ["model"])
        manifest.close()
        manifest.close()
        self.assertEqual(len(Manifest("m.pb")), 1)
        with self.assertRaisesRegex(Error, "not open for writing"):
            manifest.pack(1, None, ["model"])

    def test_stay_as_they_are_once_they_have_their_name(self):
        with Manifest("m.pb", "w") as manifest:
            pack = manifest.pack
            pack(1, None, ["model"])
        with self.assertRaisesRegex(Error, "not open for writing"):
            pack(1, None, ["model"])
        self.assertEqual(len(Manifest("m.pb")), 1)

    def test_without_sub_jobs_are_refused(self):
        with self.assertRaisesRegex(Error, "^m.pb: no sub-jobs$"):
            with Manifest("m.pb", "w"):
                pass
        self.assertEqual(os.listdir(), [])

    def test_can_be_added_to(self):
        packed(((1, None, ["a"], {"A": "1"}), {}))
        for word in "bc":
            with Manifest("m.pb", "a") as manifest:
                manifest.pack(1, None, [word], {"A": "1"})
        self.assertEqual([s.argv for s in Manifest("m.pb")],
                         [["a"], ["b"], ["c"]])
        self.assertEqual([s.env for s in Manifest("m.pb")], [{"A": "1"}] * 3)

    def test_that_are_not_there_cannot_be_added_to(self):
        with self.assertRaisesRegex(Error, "^m.pb: "):
            Manifest("m.pb", "a")

    def test_in_no_directory_are_refused(self):
        with self.assertRaisesRegex(Error, "nowhere/m.pb"):
            Manifest("nowhere/m.pb", "w")

    def test_are_not_harmed_by_a_fork(self):
        with Manifest("m.pb", "w") as manifest:
            for i in range(30000):
                manifest.pack(1, None, ["model", str(i)])
                # Sometimes while a block is packed.
                if i % 1000 != 0:
                    continue
                child = os.fork()
                if child == 0:
                    refused = 1
                    try:
                        for _ in range(60000):
                            manifest.pack(1, None, ["model"])
                    except Error:
                        refused = 0
                    del manifest
                    os._exit(refused)
                self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(Manifest("m.pb")[29999].argv, ["model", "29999"])
        self.assertEqual(len(Manifest("m.pb")), 30000)

    def test_have_one_of_three_modes(self):
        with self.assertRaisesRegex(Error, "^mode: 'rw' is none of"):
            Manifest("m.pb", "rw")


if __name__ == "__main__":
    unittest.main()
