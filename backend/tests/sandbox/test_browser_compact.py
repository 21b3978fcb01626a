"""The page as text: what can be acted on has a number, and a page cannot give itself one."""

from factotum.sandbox.browser.inside.compact import read, write

SNAPSHOT = """\
- generic [active] [ref=e1] [box=0,0,1280,2000]:
  - heading "Shop" [level=1] [ref=e2] [box=0,0,1280,30]
  - paragraph [ref=e3] [box=0,40,1280,20]: Some words
  - generic [ref=e4] [box=0,60,1280,20]:
    - link "A \\"quoted\\" [ref=e99] link" [ref=e5] [cursor=pointer] [box=0,60,80,20]:
      - /url: https://a.test/
  - 'button "key: value" [ref=e6] [box=0,80,80,20]'
  - generic [ref=e7] [cursor=pointer] [box=0,100,80,20]: "click: me"
  - checkbox "On" [checked] [ref=e8] [box=0,120,20,20]
  - iframe [ref=e9] [box=0,1500,300,100]:
    - button "Framed" [ref=f1e2] [box=8,8,50,20]
  - button "Below" [ref=e10] [box=0,1700,50,20]
  - text: loose
not a line
  - ???
"""


def test_what_can_be_acted_on_is_numbered_and_the_rest_is_plain() -> None:
    assert write(read(SNAPSHOT, 1280, 800), 10_000).splitlines() == [
        'heading "Shop" [level=1]',
        "Some words",
        'link "A \\"quoted\\" [ref=e99] link" [e5]',
        'button "key: value" [e6]',
        "generic [e7]: click: me",
        'checkbox "On" [checked] [e8]',
        "iframe",
        '  button "Framed" [f1e2]',
        'button "Below" [e10]',
        "loose",
    ]


def test_places_are_the_windows_own() -> None:
    lines = {line.ref: line for line in read(SNAPSHOT, 1280, 800)}
    assert lines["e6"].box == (0, 80, 80, 20)
    assert lines["f1e2"].box is None
    assert (lines["e6"].in_window, lines["f1e2"].in_window, lines["e10"].in_window) == (True, False, False)


def test_a_long_page_shows_its_window_and_a_longer_one_is_cut() -> None:
    lines = read(SNAPSHOT, 1280, 800)
    near = write(lines, 200)
    assert "Below" not in near
    assert near.endswith("read all of it with browser_extract]")
    cut = write(lines, 60)
    assert cut.endswith("[too much to show; browser_extract reads all of it]")
    assert len(cut) < 60 + 60
    assert write([], 100) == ""
