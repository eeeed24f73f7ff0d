import errno
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.table import check_path, write_frame
from vaewidgets.labels.table.export import write_csv, write_whole

TEXTS = [
    "NA",
    "nan",
    "None",
    "",
    "007",
    "1e5",
    " x ",
    "a\nb",
    "a\r\nb",
    "a\x00b",
    'q"uo,te',
    "=1+1",
    "😀",
    "שלום",
    "e\u0301",
    "a\u2028b",
    "\\ud800",
]
SUFFIXES = [".csv", ".parquet", ".jsonl"]


def read_csv(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")


def read_lines(path):
    with path.open(encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line) for line in file]
    columns = pd.Index(list(rows[0]), dtype=object)
    return pd.DataFrame([list(row.values()) for row in rows], columns=columns, dtype=object)


READERS = {".csv": read_csv, ".parquet": pd.read_parquet, ".jsonl": read_lines}


@pytest.fixture
def write_and_read(tmp_path):
    def exchange(frame, suffix):
        write_frame(frame, tmp_path / f"labels{suffix}")
        return READERS[suffix](tmp_path / f"labels{suffix}")

    return exchange


@pytest.mark.parametrize("dtype", ["str", object, "category"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_text_survives_a_round_trip(write_and_read, suffix, dtype):
    frame = pd.DataFrame({"label": pd.Series(TEXTS, dtype=dtype), "x": np.arange(len(TEXTS))})
    again = write_and_read(frame, suffix)
    assert again["label"].tolist() == TEXTS
    assert again.columns.tolist() == ["label", "x"]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_a_missing_label_is_told_from_an_empty_one(write_and_read, suffix):
    again = write_and_read(pd.DataFrame({"label": ["", None, "NA"]}), suffix)
    assert again["label"].isna().tolist() == [False, True, False]


def test_parquet_keeps_dtypes_and_index(write_and_read):
    frame = pd.DataFrame(
        {
            "label": pd.Categorical(["b", None, "a"], categories=["b", "a", "never"]),
            "tag": pd.array([True, None, False], dtype="boolean"),
            "plain": [True, False, True],
            "score": np.array([0.1, np.nan, np.inf], np.float32),
            "when": pd.to_datetime(["2026-01-01", None, "2026-03-01"]),
        },
        index=pd.Index(["x", "x", "y"], name="key"),
    )
    pd.testing.assert_frame_equal(write_and_read(frame, ".parquet"), frame)


def test_json_lines_have_numbers_times_and_missing_values_as_json_has_them(write_and_read):
    frame = pd.DataFrame(
        {
            "score": [0.1, np.nan, -np.inf],
            "count": pd.array([2**60 + 1, None, 3], dtype="Int64"),
            "tag": [True, False, True],
            "when": pd.to_datetime(["2026-01-01 10:00", None, "2026-03-01 00:00"]),
            "path": [Path("a/b.png"), None, np.float64(1.5)],
            "box": [[1, 2.5], np.array([np.nan]), {"k": (1, np.int8(2))}],
        },
        index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["run", None]),
    )
    rows = write_and_read(frame, ".jsonl").to_dict("records")
    assert rows[0] == {
        "run": "a",
        "index 1": 1,
        "score": 0.1,
        "count": 2**60 + 1,
        "tag": True,
        "when": "2026-01-01T10:00:00",
        "path": "a/b.png",
        "box": [1, 2.5],
    }
    gone = {"run": "a", "index 1": 2, "score": None, "count": None, "tag": False, "when": None}
    assert rows[1] == gone | {"path": None, "box": [None]}
    assert rows[2]["score"] == "-inf"
    assert rows[2]["path"] == 1.5
    assert rows[2]["box"] == {"k": [1, 2]}


def test_json_lines_refuse_two_columns_of_one_name(tmp_path):
    frame = pd.DataFrame([[1, "a"]], columns=["x", "x"])
    with pytest.raises(ValueError, match="two columns named 'x'"):
        write_frame(frame, tmp_path / "labels.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_parquet_takes_paths_and_names_a_column_it_cannot_hold(tmp_path, write_and_read):
    frame = pd.DataFrame({"path": [Path("a.png"), None], "label": ["a", "b"]})
    assert write_and_read(frame, ".parquet")["path"].iloc[0] == "a.png"
    (tmp_path / "labels.parquet").unlink()
    with pytest.raises(ValueError, match=r"Parquet cannot hold the frame: .*mixed"):
        write_frame(frame.assign(mixed=[1, "a"]), tmp_path / "labels.parquet")
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_parquet_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install pyarrow; \.csv and \.jsonl"):
        check_path(tmp_path / "labels.parquet")
    write_frame(pd.DataFrame({"label": ["a"]}), tmp_path / "labels.jsonl")


def test_text_is_quoted_and_a_missing_label_is_empty(tmp_path):
    write_csv(pd.DataFrame({"label": ["NA", None], "x": [1, 2]}), tmp_path / "labels.csv")
    assert (tmp_path / "labels.csv").read_text() == '"label","x"\n"NA",1\n"",2\n'


def test_formulas_are_made_text_where_that_is_asked_for(tmp_path):
    frame = pd.DataFrame({"label": ["=1+1", "@x", "a=b", None], "x": [-1, 2, 3, 4]})
    before = frame.copy(deep=True)
    write_csv(frame, tmp_path / "labels.csv", escape_formulas=True)
    again = read_csv(tmp_path / "labels.csv")
    assert again["label"].tolist() == ["'=1+1", "'@x", "a=b", ""]
    assert again["x"].tolist() == ["-1", "2", "3", "4"]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_index_that_says_something_is_written(write_and_read, suffix):
    frame = pd.DataFrame({"label": ["a", "b"]}, index=["x", "x"])
    again = write_and_read(frame, suffix)
    assert (again.index if suffix == ".parquet" else again.iloc[:, 0]).tolist() == ["x", "x"]
    assert "index" not in write_and_read(frame.reset_index(drop=True), suffix).columns


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_half_a_character_elsewhere_in_the_frame_does_not_cost_the_export(
    write_and_read, suffix, caplog
):
    frame = pd.DataFrame({"label": ["a"], "note": pd.Series(["x\ud800"], dtype=object)})
    frame.columns = pd.Index(["label", "note\udc00"], dtype=object)
    before = frame.copy(deep=True)
    with caplog.at_level(logging.WARNING, "vaewidgets"):
        again = write_and_read(frame, suffix)
    if suffix == ".jsonl":
        assert again.to_dict("records") == [{"label": "a", "note\udc00": "x\ud800"}]
    else:
        assert again.to_dict("records") == [{"label": "a", "note\ufffd": "x\ufffd"}]
        assert "half characters" in caplog.text
    pd.testing.assert_frame_equal(frame, before)


def test_an_export_that_fails_leaves_the_one_before(tmp_path):
    target = tmp_path / "labels.csv"
    target.write_text("before")

    def fill_the_disk(file):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(target, fill_the_disk)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_device_leaves_the_one_before(tmp_path, suffix):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    target = tmp_path / f"labels{suffix}"
    target.write_text("before")
    frame = pd.DataFrame({"label": [f"{i:0100}" for i in range(3000)]})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            write_frame(frame, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("name", ["labels.xlsx", "labels", "labels.csv.gz"])
def test_another_suffix_is_refused_with_those_that_are_written(tmp_path, name):
    with pytest.raises(ValueError, match=r"can be written are \.csv, \.parquet, \.jsonl"):
        check_path(tmp_path / name)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        check_path(tmp_path / "gone" / "labels.csv")
