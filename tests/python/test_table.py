"""Manifest.pack_table: a sub-job a row."""

import collections
import unittest
from decimal import Decimal

import numpy
import pandas

from cram import Error, Manifest
from support import InDirectory


class Table(InDirectory):
    def packed(self, columns, command=("model",), **options):
        with Manifest("m.pb", "w") as manifest:
            manifest.pack_table(command, columns, **options)
        return list(Manifest("m.pb"))

    def texts(self, values):
        return [s.params["x"] for s in self.packed({"x": values})]

    def test_fills_in_every_placeholder(self):
        subjobs = self.packed(
            {"rate": [0.5, 1.25], "seed": range(2)},
            ["model", "{rate}", "{seed:03d}", "{{{index}}}"], cwd="run-{seed}",
            env={"SEED": "{seed}", "HOME": None}, stdin="in.{seed}",
            stdout="out.{seed}", stderr="err.{seed}", name="r{rate}",
            mem="200M", cpus=2, time="5m", retry_codes="except=1")
        self.assertEqual(subjobs[1].argv, ["model", "1.25", "001", "{1}"])
        self.assertEqual(
            (subjobs[1].cwd, subjobs[1].env, subjobs[1].stdin,
             subjobs[1].stdout, subjobs[1].stderr, subjobs[1].name),
            ("run-1", {"SEED": "1", "HOME": None}, "in.1", "out.1", "err.1",
             "r1.25"))
        self.assertEqual(
            (subjobs[0].memory_bytes, subjobs[0].cpus,
             subjobs[0].time_limit_seconds, subjobs[0].retry_codes,
             subjobs[0].params),
            (200 << 20, 2, 300.0, "except=1", {"rate": "0.5", "seed": "0"}))

    def test_has_the_str_of_each_value(self):
        values = [1, -2**70, 0.1, 1e300, 1.0, True, "a b", "é", Decimal("1.50")]
        self.assertEqual(self.texts(values), [str(value) for value in values])

    def test_of_numpy_has_the_str_of_each_value(self):
        for values in (numpy.array([0.1, 1 / 3, 2.0]),
                       numpy.array([0.1, 1 / 3, 2.0], numpy.float32),
                       numpy.array([0.1, 2.0], numpy.longdouble),
                       numpy.array([0.1 + 0.2j], numpy.complex64),
                       numpy.arange(-3, 3), numpy.array([2**63], numpy.uint64),
                       numpy.array([True, False]), numpy.array(["a", "é"]),
                       numpy.arange("2026-01-01", "2026-01-03",
                                    dtype="datetime64[D]"),
                       numpy.arange(10)[::-3]):
            with self.subTest(dtype=values.dtype):
                self.assertEqual(self.texts(values),
                                 [str(value) for value in values])

    def test_may_be_a_data_frame(self):
        frame = pandas.DataFrame({"x": [0.5, 1.5, 2.5], "word": list("abc")})
        subjobs = self.packed(frame[frame.x > 1])
        self.assertEqual([s.params for s in subjobs],
                         [{"x": "1.5", "word": "b"}, {"x": "2.5", "word": "c"}])

    def test_may_have_any_kind_of_pandas_column(self):
        for series in (pandas.Series([1, 2], dtype="Int64"),
                       pandas.Series(["a", "b"], dtype="category"),
                       pandas.Series(["a", "b"], dtype="string"),
                       pandas.Series([1, 2], index=[7, 7])):
            with self.subTest(dtype=series.dtype):
                self.assertEqual(self.texts(series),
                                 [str(value) for value in series])

    def test_may_be_an_array_with_named_fields(self):
        table = numpy.array([(1, 0.5), (2, 1.5)],
                            dtype=[("n", int), ("x", float)])
        self.assertEqual([s.params for s in self.packed(table)],
                         [{"n": "1", "x": "0.5"}, {"n": "2", "x": "1.5"}])

    def test_of_many_rows_has_them_in_order(self):
        rows = 3 * 4096 + 5
        subjobs = self.packed({"x": numpy.arange(rows), "y": range(rows)})
        self.assertEqual([s.params["x"] for s in subjobs],
                         [str(i) for i in range(rows)])
        self.assertEqual(subjobs[-1].params["y"], str(rows - 1))

    def test_goes_with_others_and_with_single_ones(self):
        with Manifest("m.pb", "w") as manifest:
            manifest.pack(1, None, ["a"], {"A": "1"})
            manifest.pack_table(["b", "{x}"], {"x": [1, 2]})
            manifest.pack(1, None, ["c"], {"A": "2"})
            manifest.pack_table(["d", "{y}"], {"y": [3]})
        self.assertEqual([s.argv for s in Manifest("m.pb")],
                         [["a"], ["b", "1"], ["b", "2"], ["c"], ["d", "3"]])
        self.assertEqual([s.env for s in Manifest("m.pb")],
                         [{"A": "1"}, {}, {}, {"A": "2"}, {}])

    def test_may_be_one_of_ten_thousand(self):
        with Manifest("m.pb", "w") as manifest:
            for i in range(10002):
                manifest.pack_table(["model", str(i)], {"n": [1]})
        self.assertIn("Template 10001 1 sub-job\n", self.cram("info", "m.pb"))

    def test_of_no_command_runs_that_of_the_run(self):
        self.assertEqual(self.packed({"x": [1]}, None)[0].argv, [])


class TableRefusals(InDirectory):
    def assert_refused(self, kind, message, columns, command=("model",),
                       **options):
        with self.assertRaises(kind) as raised:
            with Manifest("m.pb", "w") as manifest:
                manifest.pack_table(command, columns, **options)
        self.assertEqual(str(raised.exception), message)

    def test_of_columns_say_which(self):
        for kind, message, columns in (
                (Error, "columns differ in length: a 1, b 2",
                 {"a": [1], "b": [1, 2]}),
                (Error, "a table without columns", {}),
                (Error, "a table without rows", {"a": []}),
                (Error, "column 'a': has 2 dimensions, not 1",
                 {"a": numpy.zeros((2, 2))}),
                (TypeError, "column 'a': a sequence of values, not str",
                 {"a": "abc"}),
                (TypeError, "column 'a': a sequence of values, not generator",
                 {"a": (i for i in range(3))}),
                (TypeError, "column 'a': a sequence of values, not deque",
                 {"a": collections.deque([1])}),
                (TypeError, "column 'a': a sequence of values, not dict",
                 {"a": {0: 1}}),
                (Error, "column 'a', row 1: has a NUL character",
                 {"a": ["x", "y\0"]}),
                (TypeError, "a column's name: a str, not int", {0: [1]}),
                (TypeError, "columns: a mapping, a DataFrame or an array with "
                 "named fields, not list", [[1]]),
                (Error, "column 'a' is there twice",
                 pandas.DataFrame([[1, 2]], columns=["a", "a"])),
                (Error, "column 'a', row 1: a list is not a single value",
                 {"a": [1, [2]]})):
            with self.subTest(message):
                self.assert_refused(kind, message, columns)

    def test_of_missing_values_say_where(self):
        for values in ([1, None], [1, float("nan")], numpy.array([1, numpy.nan]),
                       numpy.array([1, numpy.nan], numpy.float32),
                       pandas.Series([1, None], dtype="Int64"),
                       pandas.Series(pandas.to_datetime(["2026-01-01", None])),
                       pandas.Series(["a", None])):
            with self.subTest(values=values):
                self.assert_refused(
                    Error, "column 'a', row 1: a value is missing",
                    {"a": values})

    def test_have_the_words_of_the_command(self):
        with open("t.csv", "w") as file:
            file.write("a\n1\nb\n")
        for command in (["model", "{b}"], ["model", "{a:.2q}"], ["model", "{"]):
            with self.subTest(command):
                self.assert_refused(
                    Error, self.refusal("pack", "-o", "c.pb", "--csv", "t.csv",
                                        "--", *command),
                    {"a": [1, "b"]}, command)

    def test_of_a_value_say_the_row(self):
        with self.assertRaisesRegex(Error, "^row 1: .*{a:03d}: .*'b'"):
            with Manifest("m.pb", "w") as manifest:
                manifest.pack_table(["model", "{a:03d}"], {"a": [1, "b"]})

    def test_leave_nothing_of_half_a_table(self):
        with self.assertRaisesRegex(Error, "row 5000"):
            with Manifest("m.pb", "w") as manifest:
                with self.assertRaisesRegex(Error, "row 5000"):
                    manifest.pack_table(["model", "{a:03d}"],
                                        {"a": [1] * 5000 + ["b"]})
                manifest.pack(1, None, ["model"])

    def test_of_a_row_end_the_manifest(self):
        manifest = Manifest("m.pb", "w")
        refusal = "^column 'a', row 5000: a value is missing$"
        with self.assertRaisesRegex(Error, refusal):
            manifest.pack_table(["model", "{a}"], {"a": [1] * 5000 + [None]})
        for use in (lambda: manifest.pack(1, None, ["model"]),
                    lambda: manifest.pack_table(["model"], {"a": [1]}),
                    manifest.close):
            with self.assertRaisesRegex(Error, refusal):
                use()

    def test_of_a_column_that_changes_its_length(self):
        class Shrinking(list):
            def __getitem__(self, rows):
                return super().__getitem__(rows) if rows.start == 0 else []

        self.assert_refused(Error, "the columns change their length",
                            {"a": Shrinking(range(5000))})

    def test_of_a_manifest_that_is_read(self):
        with Manifest("m.pb", "w") as manifest:
            manifest.pack(1, None, ["model"])
        with self.assertRaisesRegex(Error, "not open for writing"):
            Manifest("m.pb").pack_table(["model"], {"a": [1]})


if __name__ == "__main__":
    unittest.main()
