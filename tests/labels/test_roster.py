"""Who an image is: found again by what it shows, then by its name, whatever else changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.labels._logs import roster_of
from vaewidgets.labels.roster import CONTENT, NAME, NEW, POSITION, Register


def placed(here, *others, **options):
    """Place rosters, the newest first; return the register and the rows of each."""
    register = Register(here)
    return register, [register.place(other, **options).tolist() for other in others]


def files(folder, *names):
    return [f"{folder}/{name}.png" for name in names]


def test_images_are_found_in_any_order_and_new_ones_come_behind():
    register, (rows,) = placed(roster_of("a", "b", "c"), roster_of("c", "x", "a"))
    assert rows == [2, 3, 0]
    assert len(register) == 4
    assert register.found_by.tolist() == [CONTENT, NEW, CONTENT]


def test_an_image_that_changed_is_found_by_its_path():
    here = roster_of("a", "turned", names=files("/p", "1", "2"))
    register, (rows,) = placed(here, roster_of("a", "b", names=files("/p", "1", "2")))
    assert rows == [0, 1]
    assert register.found_by.tolist() == [CONTENT, NAME]


def test_a_file_that_took_the_name_of_another_does_not_take_its_labels():
    here = roster_of("new", "a", names=files("/p", "1", "2"))
    register, (rows,) = placed(here, roster_of("a", names=files("/p", "1")))
    assert rows == [1]
    assert register.found_by.tolist() == [NEW, CONTENT]


def test_two_files_that_swapped_names_keep_what_they_are():
    here = roster_of("b", "a", names=files("/p", "1", "2"))
    assert placed(here, roster_of("a", "b", names=files("/p", "1", "2")))[1] == [[1, 0]]


def test_an_image_that_changed_in_a_folder_that_moved_is_found():
    shown = [str(k) for k in range(6)]
    before = roster_of(*shown, names=files("/old/photos", *shown))
    here = roster_of(*shown[:5], "turned", names=files("/new/place/photos", *shown))
    register, (rows,) = placed(here, before)
    assert rows == list(range(6))
    assert register.found_by[5] == NAME


def test_one_picture_that_two_folders_share_gives_no_name_to_the_others():
    before = roster_of("blank", "a", "b", names=files("/2022", "0", "1", "2"))
    here = roster_of("blank", "x", "y", names=files("/2023", "0", "1", "2"))
    register, (rows,) = placed(here, before)
    assert rows == [0, 3, 4]
    assert register.found_by.tolist() == [CONTENT, NEW, NEW]


def test_equal_pictures_are_told_apart_by_name():
    names = [str(k) for k in range(10)]
    before = roster_of(*["same"] * 10, names=files("/p", *names))
    left = [name for name in names if name != "3"]
    _, (rows,) = placed(roster_of(*["same"] * 9, names=files("/p", *reversed(left))), before)
    assert [rows[int(name)] for name in left] == [left[::-1].index(name) for name in left]
    assert rows[3] == 9


def test_equal_pictures_in_a_folder_that_was_renamed_are_told_apart_by_the_names_of_the_files():
    before = roster_of("same", "same", "same", names=files("/old", "1", "2", "3"))
    here = roster_of("same", "same", "same", names=files("/new", "3", "1", "2"))
    assert placed(here, before)[1] == [[1, 2, 0]]


def test_equal_pictures_without_names_are_told_apart_by_order():
    register, (rows,) = placed(roster_of("s", "s", "x", "s"), roster_of("s", "s", "s", "s"))
    assert rows == [0, 1, 3, 4]
    assert register.found_by.tolist() == [CONTENT, CONTENT, NEW, CONTENT]


def test_all_of_a_digest_counts():
    there = roster_of("half the same 2", "half the same 1")
    register, (rows,) = placed(roster_of("half the same 1", "half the same 3"), there)
    assert rows == [2, 0]
    assert register.found_by.tolist() == [CONTENT, NEW]


def test_an_image_that_was_changed_and_later_renamed_is_followed():
    first = roster_of("x", names=files("/p", "a"))
    then = roster_of("y", names=files("/p", "a"))
    here = roster_of("y", names=files("/p", "z"))
    register, rows = placed(here, then, first)
    assert rows == [[0], [0]]
    assert len(register) == 1


def test_of_two_images_that_show_what_one_showed_at_times_it_is_the_last():
    first = roster_of("x", names=files("/p", "a"))
    then = roster_of("y", names=files("/p", "a"))
    both = roster_of("x", "y", names=files("/p", "copy", "a"))
    register = Register(then)
    register.place(first)
    assert register.place(both).tolist() == [1, 0]


def test_points_made_anew_are_known_by_position_only_where_that_is_asked_for():
    here = roster_of("a", "b", are_points=True)
    anew = roster_of("c", "d", are_points=True)
    assert placed(here, anew)[1] == [[2, 3]]
    register, rows = placed(here, anew, by_position=True)
    assert rows == [[0, 1]]
    assert register.found_by.tolist() == [POSITION] * 2
    for other in (roster_of("c", are_points=True), roster_of("c", "d"), roster_of("x", "b")):
        assert placed(here, other, by_position=True)[1] != [[0, 1]]
    mixed = roster_of("b", "x", are_points=True)  # one is as it was: then order says nothing
    assert placed(here, mixed, by_position=True)[1] == [[1, 2]]


@pytest.mark.parametrize("are_named", [False, True])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_two_images_of_a_collection_are_ever_one_and_what_is_alike_is_found(are_named, data):
    pictures = st.lists(st.sampled_from("abcdef"), max_size=8)
    rosters = []
    for _ in range(3):
        shown = data.draw(pictures)
        names = ()
        if are_named:
            name = st.sampled_from([f"/{d}/{k}" for d in "pq" for k in range(9)])
            names = data.draw(
                st.lists(name, min_size=len(shown), max_size=len(shown), unique=True)
            )
        rosters.append(roster_of(*shown, names=names))
    register, rows = placed(*rosters)
    for roster, places in zip(rosters[1:], rows, strict=True):
        assert len(set(places)) == len(places) == len(roster)
        assert all(0 <= place < len(register) for place in places)
    n_same = sum(
        min(list(rosters[0].contents).count(one), list(rosters[1].contents).count(one))
        for one in set(rosters[0].contents)
    )
    assert np.count_nonzero(np.array(rows[0]) < len(rosters[0])) >= n_same
    again = Register(rosters[0])
    assert again.place(rosters[0]).tolist() == list(range(len(rosters[0])))
