from hypothesis import given
from hypothesis import strategies as st

from llmstudio.session.edits import Edits


@given(st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["undo", "redo"])), max_size=60))
def test_undo_and_redo_walk_the_same_values(actions):
    edits = Edits(0, lambda: None)
    past, future, now = [], [], 0  # the plain model of an undo stack
    for action in actions:
        if action == "undo":
            edits.undo()
            if past:
                future.append(now)
                now = past.pop()
        elif action == "redo":
            edits.redo()
            if future:
                past.append(now)
                now = future.pop()
        else:
            edits.edit(action)
            if action != now:
                past.append(now)
                future.clear()
                now = action
        assert edits.value == now
        assert edits.can_undo == bool(past) and edits.can_redo == bool(future)


def test_a_dragged_slider_is_one_edit():
    edits = Edits(0, lambda: None)
    for value in range(1, 20):
        edits.edit(value, "width")
    edits.undo()
    assert edits.value == 0


def test_edits_of_different_things_stay_apart():
    edits = Edits(0, lambda: None)
    edits.edit(1, "width")
    edits.edit(2, "heads")
    edits.undo()
    assert edits.value == 1


def test_following_changes_the_past_too():
    edits = Edits(1, lambda: None)
    edits.edit(2)
    edits.follow(lambda value: value * 10)
    assert edits.value == 20
    edits.undo()
    assert edits.value == 10


def test_an_edit_to_the_same_value_tells_nobody():
    told = []
    edits = Edits(1, lambda: told.append(1))
    edits.edit(1)
    assert not told and not edits.can_undo


def test_a_drag_that_ends_where_it_began_is_no_edit():
    edits = Edits(0, lambda: None)
    edits.edit(3, "heads")
    for value in (4, 5, 3):
        edits.edit(value, "width")
    edits.undo()
    assert edits.value == 0 and not edits.can_undo


def test_what_was_selected_comes_back():
    chosen = ["a"]
    edits = Edits(0, lambda: None, lambda: chosen[0], lambda was: chosen.__setitem__(0, was))
    edits.edit(1)
    chosen[0] = "b"
    edits.undo()
    assert chosen == ["a"]
    edits.redo()
    assert chosen == ["b"]
