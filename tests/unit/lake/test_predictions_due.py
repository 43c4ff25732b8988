"""What is to be scored, and what of it is shown, whatever is published and decided in between."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.scoring import Pinned
from pipelines.lake.predictions import DayState, due, shown

DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")


def pinned(version: int, since: int, role: str = "champion") -> Pinned:
    return Pinned(version=version, role=role, since=since, location="file:///m", artefact_hash="h")


def score(states, publications, *pins):
    """What a run of the job does to the states; the days it scored."""
    scored = set()
    for pin in pins:
        found = due(pin, publications, states)
        states |= {(pin.version, day): one for day, one in (found.score | found.note).items()}
        scored |= {(pin.version, day) for day in found.score}
    return scored


# A publication of some days, or a word: a version becomes champion or shadow.
EVENTS = st.one_of(
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.tuples(st.sampled_from(["champion", "shadow"]), st.integers(1, 3)),
)


@given(st.lists(EVENTS, max_size=14), st.data())
def test_newest_champion_is_shown_and_late_tries_change_nothing(events, data):
    publications, states, words = {DAYS[0]: 0}, {}, [pinned(1, 1)]
    champion = words[0]
    for number, event in enumerate(events, start=2):
        if isinstance(event, set):
            publications |= dict.fromkeys(event, number)
        elif event != ("shadow", champion.version):  # the champion is not its own shadow
            words.append(pinned(event[1], number, event[0]))
        champion = [word for word in words if word.role == "champion"][-1]
        shadow = [word for word in words[words.index(champion) :] if word.role == "shadow"][-1:]
        score(states, publications, champion, *shadow)
        assert shown(states) == dict.fromkeys(sorted(publications), champion.version)
        assert not score(states, publications, champion, *shadow)
        # A run that began before some of these words, and is tried again only now.
        late = data.draw(st.sampled_from(words))
        score(states, publications, late)
        expected = dict.fromkeys(publications, champion.version)
        assert shown(states) == dict(sorted(expected.items()))


def test_version_that_comes_back_is_shown_without_being_scored():
    states, publications = {}, dict.fromkeys(DAYS, 1)
    score(states, publications, pinned(1, 1))
    score(states, publications, pinned(2, 2))

    assert score(states, publications, pinned(1, 3)) == set()
    assert set(shown(states).values()) == {1}
    # Nor does a late try of its first reign take the second from it.
    assert score(states, publications, pinned(1, 1)) == set()
    assert set(shown(states).values()) == {1}


def test_rows_get_the_role_of_a_shadow_that_becomes_champion():
    states, publications = {}, dict.fromkeys(DAYS, 1)
    score(states, publications, pinned(1, 1), pinned(2, 2, "shadow"))
    assert set(shown(states).values()) == {1}

    assert score(states, publications, pinned(2, 3)) == {(2, day) for day in DAYS}


def test_counts_of_a_day_stay_until_it_is_scored_anew():
    before = DayState(published=1, role="champion", since=1, rows_in=9, refused=2)

    found = due(pinned(1, 3), {DAYS[0]: 1}, {(1, DAYS[0]): before})

    assert found.note == {DAYS[0]: before.model_copy(update={"since": 3})}
    assert not found.score
