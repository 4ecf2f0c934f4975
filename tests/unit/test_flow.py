"""How far the terminal is behind is known by its answers alone."""

from unstick.tui.flow import AHEAD, FOLLOWS_S, FRAME_END, LOST_S, QUESTION, Flow

ASKED = FRAME_END + QUESTION


class Line:
    """What is written, and the time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.flow = Flow(lambda: self.now)

    def frame(self, size: int, *, moved: bool = True) -> str:
        if moved:
            self.flow.moved()
        self.flow.wrote("x" * (size - len(FRAME_END)))
        return self.flow.wrote(FRAME_END)


def answering() -> Line:
    line = Line()
    line.flow.answered()
    return line


def test_a_terminal_that_never_answered_is_not_asked_and_not_behind() -> None:
    line = Line()
    assert line.frame(10 * AHEAD) == FRAME_END
    assert not line.flow.behind


def test_a_large_frame_is_waited_for() -> None:
    line = answering()
    assert line.frame(2 * AHEAD) == ASKED
    assert line.flow.behind
    line.flow.answered()
    assert not line.flow.behind


def test_small_frames_may_be_on_their_way_together() -> None:
    line = answering()
    sent = 0
    while not line.flow.behind:
        line.frame(AHEAD // 10)
        sent += 1
    assert 8 <= sent <= 10
    line.flow.answered()
    assert not line.flow.behind


def test_what_was_written_before_anything_was_asked_does_not_count() -> None:
    line = answering()
    assert line.frame(100 * AHEAD, moved=False) == FRAME_END
    line.frame(AHEAD // 10)
    line.flow.answered()
    line.frame(AHEAD // 10)
    assert not line.flow.behind


def test_an_answer_that_does_not_come_ends_the_questions() -> None:
    line = answering()
    line.frame(2 * AHEAD)
    line.now += LOST_S
    assert not line.flow.behind
    assert line.frame(2 * AHEAD) == FRAME_END
    assert not line.flow.behind


def test_only_what_a_key_led_to_is_asked_about() -> None:
    line = answering()
    assert line.frame(100, moved=False) == FRAME_END
    assert line.frame(100) == ASKED
    line.now += FOLLOWS_S / 2
    assert line.frame(100, moved=False) == ASKED
    line.now += FOLLOWS_S
    assert line.frame(100, moved=False) == FRAME_END
