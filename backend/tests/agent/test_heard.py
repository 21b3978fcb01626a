"""What a model wrote is kept word for word, in however many pieces it came."""

from hypothesis import given
from hypothesis import strategies as st

from factotum.agent.heard import Heard
from factotum.llm.port import ReasoningChunk, TextChunk
from factotum.parsing.assembler import AssembledReasoning, AssembledText

pieces = st.lists(  # none: the limit of length cuts
    st.text(min_size=1, max_size=3).map(TextChunk)
    | st.text(min_size=1, max_size=3).map(ReasoningChunk)
    | st.none(),
    max_size=30,
)


@given(script=pieces, times=st.sampled_from([1, 40]))
def test_pieces_tell_what_was_said_since_the_last_cut_and_in_all(
    script: list[TextChunk | ReasoningChunk | None], times: int
) -> None:
    heard, text, thought, more, more_text = Heard(), "", "", False, False
    for piece in script * times:
        if piece is None:
            heard.cut()
            more = more_text = False
            continue
        heard.add(piece)
        more = True
        if isinstance(piece, TextChunk):
            text += piece.text
            more_text = True
        else:
            thought += piece.text
    readable = text.encode(errors="replace").decode()
    assert (heard.has_more, heard.has_more_text, heard.text) == (more, more_text, readable)
    parts = heard.parts
    assert "".join(part.text for part in parts if isinstance(part, AssembledText)) == readable
    reasoned = "".join(part.text for part in parts if isinstance(part, AssembledReasoning))
    assert reasoned == thought.encode(errors="replace").decode()


def test_many_pieces_are_kept_as_one_text() -> None:
    heard = Heard()
    for number in range(1_000):
        heard.add(TextChunk(f"{number} "))
    assert heard.parts == (AssembledText("".join(f"{number} " for number in range(1_000))),)
