import errno

import numpy as np
import pandas as pd
import pytest

from vaewidgets.labels.export import check_path, write_csv, write_whole

TEXTS = [
    "NA",
    "nan",
    "None",
    "007",
    "1e5",
    " x ",
    "a\nb",
    "a\r\nb",
    'q"uo,te',
    "=1+1",
    "😀",
    "שלום",
]


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")


def test_text_survives_a_round_trip(tmp_path):
    frame = pd.DataFrame({"label": [*TEXTS, None, "e\u0301"], "x": np.arange(14.0)})
    write_csv(frame, tmp_path / "labels.csv")
    again = read(tmp_path / "labels.csv")
    assert again["label"].tolist() == [*TEXTS, "", "e\u0301"]
    assert again.columns.tolist() == ["label", "x"]


def test_text_is_quoted_and_a_missing_label_is_empty(tmp_path):
    write_csv(pd.DataFrame({"label": ["NA", None], "x": [1, 2]}), tmp_path / "labels.csv")
    assert (tmp_path / "labels.csv").read_text() == '"label","x"\n"NA",1\n"",2\n'


def test_an_index_that_says_something_is_written(tmp_path):
    frame = pd.DataFrame({"label": ["a", "b"]}, index=["x", "x"])
    write_csv(frame, tmp_path / "labels.csv")
    assert read(tmp_path / "labels.csv").iloc[:, 0].tolist() == ["x", "x"]


def test_half_a_character_elsewhere_in_the_frame_does_not_cost_the_export(tmp_path):
    frame = pd.DataFrame({"label": ["a"], "note": pd.Series(["x\ud800"], dtype=object)})
    write_csv(frame, tmp_path / "labels.csv")
    assert read(tmp_path / "labels.csv")["note"].tolist() == ["x?"]


def test_an_export_that_fails_leaves_the_one_before(tmp_path):
    target = tmp_path / "labels.csv"
    target.write_text("before")

    def fill_the_disk(file):
        file.write("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(target, fill_the_disk)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


def test_a_full_device_leaves_the_one_before(tmp_path):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    target = tmp_path / "labels.csv"
    target.write_text("before")
    frame = pd.DataFrame({"label": ["a" * 100] * 3000})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            write_csv(frame, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


@pytest.mark.parametrize("name", ["labels.xlsx", "labels", "labels.csv.gz"])
def test_another_suffix_is_refused_with_those_that_are_written(tmp_path, name):
    with pytest.raises(ValueError, match=r"suffixes that can be written are \.csv"):
        check_path(tmp_path / name)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        check_path(tmp_path / "gone" / "labels.csv")
