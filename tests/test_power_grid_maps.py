"""Maps of simulated transients: labels against voltages, drawing, seeds."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaewidgets.datasets import make_power_grid, power_grid_buses
from vaewidgets.datasets.power_grid.labels import dominant_frequency, label_table
from vaewidgets.datasets.power_grid.network import load_case
from vaewidgets.datasets.power_grid.rendering import RENDERINGS, render
from vaewidgets.datasets.power_grid.scenarios import EVENTS, FAULT, Scenario, draw_scenario
from vaewidgets.datasets.power_grid.stages import Stage
from vaewidgets.datasets.power_grid.swing import Transients

STEP = 10 / 128  # s, from column to column
N_MAPS = 96
FLAGS = [
    "fault", "line_trip", "gen_trip", "load_change", "islanding", "loss_of_synchronism",
    "voltage_sag", "sustained_low", "overvoltage", "oscillation",
]  # fmt: skip


@pytest.fixture(scope="module")
def grid():
    """Maps in two batches, every kind of event as likely as the others."""
    return make_power_grid(N_MAPS, seed=4, events=dict.fromkeys(EVENTS, 1), progress=False)


@pytest.fixture(scope="module")
def table(grid):
    return grid[1]


def test_there_is_a_map_a_row_and_a_record_of_voltages_for_each(grid):
    images, table, voltages = grid
    assert images.pixels.shape == (N_MAPS, 128, 128, 1)
    assert images.pixels.dtype == np.uint8
    assert voltages.shape == (N_MAPS, 145, 128)
    assert voltages.dtype == np.float32
    assert np.isfinite(voltages).all()
    assert len(table) == N_MAPS
    assert table.select_dtypes("bool").columns.tolist() == FLAGS
    assert table["event"].cat.categories.tolist() == list(EVENTS)
    assert set(table["event"]) == set(EVENTS)
    assert table[FLAGS].any().all()
    assert not table[FLAGS].all().any()


def test_every_label_can_be_read_from_the_voltages(grid):
    _, table, voltages = grid
    area = power_grid_buses()["area"].to_numpy()
    for row, record in zip(table.itertuples(), voltages.astype(float), strict=True):
        relative = record / record[:, [0]]
        columns = np.arange(128) * STEP
        stop = row.stop_time if row.loss_of_synchronism else np.inf
        assert (record[:, columns >= stop] == 0).all()
        after = relative[:, (columns >= row.clear_time - 1e-9) & (columns < stop)]
        late = relative[:, -38:]  # 3 s
        assert row.voltage_sag == any(sum(column < 0.8) >= 2.9 for column in after.T)
        assert row.overvoltage == (after.size > 0 and after.max() > 1.1)
        assert row.sustained_low == (sum(late.mean(axis=1) < 0.9) >= 2.9)
        swing = late.max(axis=1) - late.min(axis=1)
        assert row.oscillation == (sum(swing > 0.02) >= 29)
        assert np.isnan(row.frequency) == (not row.oscillation)
        moved = np.abs(relative - 1)[:, columns >= row.event_time - 1e-9]
        assert row.severity == pytest.approx(np.clip(moved / 0.3, 0, 1).mean(), abs=1e-9)
        before = np.abs(relative - 1)[:, (columns >= row.event_time - 1e-9) & (columns < stop)]
        means = [before[area == a].mean() for a in range(1, 7)]
        assert row.area == 1 + means.index(max(means))


def labelled(relative, **more):
    """The row of a table for made-up voltages, after a line trip at once."""
    network = load_case()
    voltages = np.abs(network.voltage)[:, None] * relative
    transients = Transients(voltages[None], np.array([more.get("stop", 128)]), np.array([1]))
    scenario = Scenario("trip", (Stage(8, branches_out=(0,)),))
    return label_table(network, [scenario], transients).iloc[0]


@pytest.mark.parametrize(
    ("label", "n_buses", "columns", "level"),
    [
        ("voltage_sag", 3, slice(40, 41), 0.8),
        ("sustained_low", 3, slice(90, 128), 0.9),
        ("overvoltage", 1, slice(40, 41), 1.1),
        ("oscillation", 29, slice(100, 101), 1.02),
    ],
)
def test_each_threshold_lies_where_it_is_documented(label, n_buses, columns, level):
    outwards = np.sign(level - 1) * 1e-4
    for n, beyond, expected in (
        (n_buses, level + outwards, True),
        (n_buses, level - outwards, False),
        (n_buses - 1, level + outwards, False),
    ):
        relative = np.ones((145, 128))
        relative[:n, columns] = beyond
        assert labelled(relative)[label] == expected
        # Before the last three seconds, or once the simulation has stopped, it does not count.
        assert not labelled(np.roll(relative, 20 - columns.start, axis=1), stop=20)[label]


def test_what_was_done_is_what_the_kind_of_event_says(table):
    of = dict(tuple(table.groupby("event", observed=True)))
    for kind, rows in of.items():
        assert (rows["fault"] == (kind in ("fault", "fault_trip"))).all()
        assert (rows["fault_bus"].notna() == rows["fault"]).all()
        assert (rows["gen_trip"] == (kind == "generator")).all()
        assert (rows["gen_bus"].notna() == rows["gen_trip"]).all()
        assert (rows["load_change"] == (kind == "load")).all()
        assert (rows["load_area"].notna() == rows["load_change"]).all()
        assert ((rows["load_factor"] != 1) == rows["load_change"]).all()
    assert (of["fault"]["n_line_trips"] == 0).all()
    assert (of["trip"]["n_line_trips"] == 1).all()
    assert of["separation"]["islanding"].all()
    whole = of["cascade"][~of["cascade"]["loss_of_synchronism"]]
    assert len(whole) > 1
    assert (whole["n_line_trips"] == 6).all()
    assert (table["line_trip"] == (table["n_line_trips"] > 0)).all()
    assert (table["islanding"] == (table["n_islands"] > 1)).all()
    assert (table["stop_time"].notna() == table["loss_of_synchronism"]).all()
    assert table["event_time"].between(0.09, 0.51).all()
    lasted = (table["clear_time"] - table["event_time"])[table["fault"]]
    assert lasted.between(FAULT[0] - 0.005, FAULT[1] + 0.005).all()
    assert set(table.loc[table["gen_trip"], "gen_bus"]) <= set(load_case().machine_bus + 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_cascades_spread_and_separations_cut_all_that_ties_an_area(seed):
    network = load_case()
    ends = np.stack([network.branches.start, network.branches.end], axis=1)
    cascade = draw_scenario(network, np.random.default_rng(seed), {"cascade": 1}).stages
    out = cascade[-1].branches_out
    assert [len(stage.branches_out) for stage in cascade] == [1, 2, 3, 4, 5, 6]
    assert len(set(out)) == 6
    for k in range(1, 6):
        assert set(ends[out[k]]) & set(ends[list(out[:k])].ravel())
    assert all(a.step < b.step for a, b in itertools.pairwise(cascade))
    assert (cascade[-1].step - cascade[0].step) * 10 / 1024 < 3.6
    last = draw_scenario(network, np.random.default_rng(seed), {"separation": 1}).stages[-1]
    between = [(network.area[ends] == area).sum(axis=1) == 1 for area in range(1, 7)]
    assert sorted(last.branches_out) in [np.flatnonzero(ties).tolist() for ties in between]


def test_a_fault_takes_the_voltage_of_its_bus_to_zero(grid):
    _, table, voltages = grid
    row_of = {bus: row for row, bus in enumerate(power_grid_buses()["bus"])}
    found = 0
    for i, row in table[
        table["fault"] & (table["clear_time"] - table["event_time"] > STEP)
    ].iterrows():
        during = int(np.ceil(row["event_time"] / STEP - 1e-9))
        assert voltages[i, row_of[row["fault_bus"]], during] < 1e-5
        assert voltages[i, row_of[row["fault_bus"]], 0] > 0.9
        found += 1
    assert found > 10


def test_equal_seeds_give_equal_maps_and_a_map_does_not_depend_on_how_many(grid):
    images, table, voltages = make_power_grid(7, seed=4, events=dict.fromkeys(EVENTS, 1))
    assert np.array_equal(voltages, grid[2][:7])
    assert np.array_equal(images.pixels, grid[0].pixels[:7])
    pd.testing.assert_frame_equal(table, grid[1].iloc[:7])
    other = make_power_grid(7, seed=5, events=dict.fromkeys(EVENTS, 1))[2]
    assert not any(np.array_equal(a, b) for a, b in zip(other, voltages, strict=True))
    assert len({record.tobytes() for record in grid[2]}) == N_MAPS


def test_the_last_maps_are_those_of_a_longer_run_too(grid):
    voltages = make_power_grid(66, seed=4, events=dict.fromkeys(EVENTS, 1), progress=False)[2]
    assert np.array_equal(voltages, grid[2][:66])


def test_maps_are_drawn_as_documented(grid):
    _, table, voltages = grid
    shown = power_grid_buses()["map_row"].notna().to_numpy()
    record = voltages[:, shown].astype(float)
    moved = record - record[:, :, :1]
    mix = dict.fromkeys(EVENTS, 1)
    for rendering, gray in (
        ("deviation", 0.5 + moved / 0.3),
        ("absolute", (record - 0.7) / (1.15 - 0.7)),
    ):
        images, _, _ = make_power_grid(20, seed=4, events=mix, rendering=rendering)
        drawn = images.pixels[..., 0].astype(float)
        assert np.abs(drawn - 255 * np.clip(gray[:20], 0, 1)).max() <= 0.501
    stretched = make_power_grid(20, seed=4, events=mix, rendering="stretched")[0].pixels[..., 0]
    for i, image in enumerate(stretched):
        ends = round(table["stop_time"].fillna(10.0)[i] / STEP)
        assert (image[:, ends:] == 0).all()
        low, high = np.percentile(moved[i, :, :ends], (2, 98))
        if high - low > 0.02:
            wanted = 255 * np.clip((moved[i, :, :ends] - low) / (high - low), 0, 1)
            assert np.abs(image[:, :ends] - wanted).max() <= 0.51
    assert (table["loss_of_synchronism"][:20]).any()


def test_what_follows_a_stop_is_black_even_beside_a_dead_area():
    voltages = np.ones((1, 8, 128))
    voltages[0, 0] = 0.0
    voltages[0, :, 50:] = 0
    base = np.array([1.2, *[0.9] * 7])
    for rendering in RENDERINGS:
        drawn = render(voltages, base, np.array([50]), rendering)
        assert (drawn[0, :, 50:] == 0).all()
        assert (drawn[0, 1:, :50] > 100).all()


def test_shuffled_buses_are_the_same_rows_in_one_other_order_for_all_maps(grid):
    images, table, voltages = make_power_grid(
        7, seed=4, events=dict.fromkeys(EVENTS, 1), shuffle_buses=True
    )
    plain = grid[0].pixels[:7]
    assert not np.array_equal(images.pixels, plain)
    rows = [row.tobytes() for row in plain.transpose(1, 0, 2, 3)]
    mixed = [row.tobytes() for row in images.pixels.transpose(1, 0, 2, 3)]
    assert sorted(rows) == sorted(mixed)
    assert np.array_equal(voltages, grid[2][:7])
    pd.testing.assert_frame_equal(table, grid[1].iloc[:7])


@pytest.mark.parametrize("n_rows", [8, 64, 145])
def test_fewer_rows_are_a_choice_of_the_same_rows(grid, n_rows):
    images = make_power_grid(3, seed=4, events=dict.fromkeys(EVENTS, 1), n_rows=n_rows)[0]
    assert images.image_shape == (n_rows, 128, 1)
    place = power_grid_buses(n_rows)["map_row"]
    assert place.dropna().tolist() == list(range(n_rows))
    both = power_grid_buses()["map_row"].notna() & place.notna()
    ours = images.pixels[:, place[both].astype(int)]
    assert np.array_equal(
        ours, grid[0].pixels[:3, power_grid_buses()["map_row"][both].astype(int)]
    )


def test_the_table_of_buses_tells_what_the_rows_are(grid):
    buses = power_grid_buses()
    assert sorted(buses["bus"]) == list(range(1, 146))
    assert buses["area"].is_monotonic_increasing
    assert buses["area"].nunique() == 6
    assert buses["machine"].sum() == 50
    assert (buses["map_row"].isna().sum()) == 17
    np.testing.assert_allclose(grid[2][:, :, 0], np.tile(buses["voltage"], (N_MAPS, 1)), rtol=1e-6)


def test_only_the_events_asked_for_happen():
    table = make_power_grid(12, seed=1, events={"trip": 2, "load": 1, "fault": 0})[1]
    assert set(table["event"]) == {"trip", "load"}


def test_the_default_mix_is_a_mix():
    assert sum(EVENTS.values()) == pytest.approx(1)
    rng = np.random.default_rng(0)
    drawn = pd.Series([draw_scenario(load_case(), rng).event for _ in range(2000)])
    for kind, share in EVENTS.items():
        assert (drawn == kind).mean() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"n": 0}, ValueError, "`n` is 0; accepted: an int of at least 1"),
        ({"n": 2.5}, TypeError, "`n` is 2.5; accepted: an int"),
        ({"n": 1, "seed": -1}, ValueError, "`seed` is -1"),
        ({"n": 1, "n_rows": 7}, ValueError, "`n_rows` is 7; accepted: an int from 8 to 145"),
        ({"n": 1, "n_rows": 146}, ValueError, "`n_rows` is 146; accepted: an int from 8"),
        ({"n": 1, "rendering": "color"}, ValueError, "`rendering` is 'color'; accepted: dev"),
        ({"n": 1, "events": {}}, ValueError, "`events` is {}; accepted"),
        ({"n": 1, "events": {"storm": 1}}, ValueError, "`events` is {'storm': 1}; accepted"),
        ({"n": 1, "events": {"trip": 0}}, ValueError, "`events` is {'trip': 0}; accepted"),
        ({"n": 1, "events": {"trip": -1, "load": 2}}, ValueError, "`events` is "),
        ({"n": 1, "events": {"trip": np.nan}}, ValueError, "`events` is "),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, error, text):
    with pytest.raises(error) as caught:
        make_power_grid(**arguments)
    assert str(caught.value).startswith(text)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.3, 3.0), st.floats(0, 6.2), st.floats(-0.1, 0.1))
def test_the_dominant_frequency_of_a_plain_swing_is_found(frequency, phase, drift):
    time = np.arange(128) * STEP
    swing = np.sin(2 * np.pi * frequency * time + phase)
    voltage = 1 + np.outer([0.05, 0.02, -0.03], swing) + drift * time
    assert dominant_frequency(voltage) == pytest.approx(frequency, abs=0.03)
