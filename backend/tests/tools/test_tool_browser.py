"""The browser's tools, over the machine's Chromium in a real sandbox: what works, and what goes wrong."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import JsonValue

from factotum.core.ids import new_id
from factotum.protocol.events import FileChanged
from factotum.sandbox.browser.client import SESSION, Browser, BrowserFault
from factotum.sandbox.browser.wire import Done
from factotum.sandbox.local.provider import LocalSandboxProvider
from factotum.settings import default_sandbox_python
from factotum.testing.memory_context import MemoryToolContext
from factotum.testing.memory_sandbox import MemorySandbox
from factotum.tools.builtin import BROWSER, browser_family
from factotum.tools.builtin.browser_hand_over import browser_hand_over
from factotum.tools.builtin.browser_pages import (
    browser_dialog,
    browser_download,
    browser_go_to,
    browser_history,
    browser_search,
    browser_tabs,
    browser_wait,
)
from factotum.tools.builtin.browser_pointing import (
    browser_click,
    browser_drag,
    browser_hover,
    browser_keys,
    browser_scroll,
    browser_select,
    browser_type,
    browser_upload,
)
from factotum.tools.builtin.browser_reading import (
    browser_extract,
    browser_look,
    browser_messages,
    browser_pdf,
    browser_screenshot,
)
from factotum.tools.builtin.shell import shell
from factotum.tools.builtin.shell_sessions import shell_input, shell_kill, shell_output
from factotum.tools.execute import ToolResult
from factotum.tools.tool import Ask, Tool
from tests.needs import needs_browser, needs_sandbox
from tests.tools.browser_site import SERVER, SITE
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLACE = "http://localhost:8000"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machine(short_folder: Path) -> AsyncGenerator[MemoryToolContext]:
    """A real sandbox with a web server in it, and one browser for all tests of this file."""
    site = default_sandbox_python()
    await needs_browser(site)
    provider = LocalSandboxProvider(short_folder / new_id(), python_site=site)
    await needs_sandbox(provider)
    sandbox = await provider.open(new_id())
    for name, text in {**SITE, "server.py": SERVER}.items():
        await sandbox.write(f"site/{name}", _once(text.encode()), limit=1_000_000)
    await sandbox.sessions.start("web", folder="site")
    await sandbox.sessions.run("web", "python3 server.py")

    async def listens() -> bool:
        return 8000 in await sandbox.ports()

    await until(listens, 30)
    yield MemoryToolContext(sandbox)
    await provider.aclose()


@pytest_asyncio.fixture(loop_scope="module")
async def browser(machine: MemoryToolContext) -> MemoryToolContext:
    """A context of its own over the one sandbox."""
    return MemoryToolContext(machine.machine)


async def _open(context: MemoryToolContext, page: str = "index.html") -> str:
    result = await context.call(browser_go_to, url=f"{PLACE}/{page}")
    assert result.outcome == "ok", result.text
    return result.text


def _number(text: str, what: str) -> str:
    """Return the number of the line that begins with `what`."""
    line = next(line.strip() for line in text.splitlines() if line.strip().startswith(what))
    return line.rsplit("[", 1)[1].split("]")[0]


async def test_a_page_is_text_with_numbers_and_is_shown(browser: MemoryToolContext) -> None:
    text = await _open(browser)
    assert text.startswith(f"Page: Shop\nAddress: {PLACE}/index.html\n")
    assert 'heading "Shop" [level=1]' in text
    assert "Scrolled: 0 of " in text
    assert len({_number(text, 'textbox "Name"'), _number(text, 'button "Inside"')}) == 2
    jpeg, address, title = browser.pages[-1]
    assert (jpeg[:3], address, title) == (b"\xff\xd8\xff", f"{PLACE}/index.html", "Shop")
    assert len(jpeg) <= 150_000
    assert (await browser.call(browser_look)).text == text


async def test_a_form_is_filled_in(browser: MemoryToolContext) -> None:
    text = await _open(browser)
    name = _number(text, 'textbox "Name"')
    await browser.call(browser_type, element=name, text="Ada")
    added = await browser.call(browser_type, element=name, text=" L.", clear=False)
    assert 'textbox "Name" [active]' in added.text
    assert ": Ada L." in added.text
    chosen = await browser.call(browser_select, element=_number(text, "combobox"), options=["Blue"])
    assert 'option "Blue" [selected]' in chosen.text
    wrong = await browser.call(browser_select, element=_number(text, "combobox"), options=["Pink"])
    assert (wrong.code, "There are: Red, Blue" in wrong.text) == ("option_not_found", True)
    sent = await browser.call(browser_type, element=name, text="Grace", submit=True)
    assert sent.text.startswith("Page: sent Grace Blue\n")
    keys = await browser.call(browser_keys, keys="Control+a Delete")
    assert "Grace" not in keys.text.split("\n", 1)[1]
    assert (await browser.call(browser_keys, keys="Enterr")).code == "keys_invalid"


async def test_elements_are_clicked_hovered_and_dragged(browser: MemoryToolContext) -> None:
    text = await _open(browser, "mouse.html")
    assert "clicked 1" in (await browser.call(browser_click, text="Count")).text
    twice = await browser.call(browser_click, element=_number(text, 'button "Count"'), double=True)
    assert "clicked 3" in twice.text
    assert "at 300 200" in (await browser.call(browser_click, x=300, y=200)).text
    assert "menu is open" in (await browser.call(browser_hover, element=_number(text, 'button "Menu"'))).text
    from_, to = _number(text, 'button "Piece"'), _number(text, 'button "Basket"')
    assert "dropped piece" in (await browser.call(browser_drag, element=from_, target=to)).text
    assert (await browser.call(browser_click)).code == "place_invalid"
    assert (await browser.call(browser_click, text="Nowhere")).code == "text_not_found"
    assert (await browser.call(browser_click, element="e9999")).code == "element_gone"
    assert (await browser.call(browser_click, element="the button")).code == "element_invalid"
    covered = await browser.call(browser_click, element=_number(text, 'button "Under"'))
    assert covered.code == "element_covered"


async def test_scrolling_and_history(browser: MemoryToolContext) -> None:
    await _open(browser)
    assert "Scrolled: 720 of " in (await browser.call(browser_scroll)).text
    assert "Scrolled: 0 of " in (await browser.call(browser_scroll, direction="up", screens=3)).text
    end = await browser.call(browser_scroll, to_text="The very end")
    assert "Scrolled: 0 of " not in end.text
    assert (await browser.call(browser_scroll, to_text="not there")).code == "text_not_found"
    assert "Page: Second" in (await browser.call(browser_click, text="second page")).text
    assert "Page: Shop" in (await browser.call(browser_history, action="back")).text
    assert "Page: Second" in (await browser.call(browser_history, action="forward")).text
    assert "no page to go forward to" in (await browser.call(browser_history, action="forward")).text
    assert "Page: Second" in (await browser.call(browser_history, action="reload")).text


async def test_content_is_taken_out(browser: MemoryToolContext) -> None:
    await _open(browser)
    text = (await browser.call(browser_extract)).text
    assert "# Shop" in text
    assert f"[second page]({PLACE}/second.html)" in text
    assert "| Cup | 3 |" in text
    assert "invisible" not in text
    links = (await browser.call(browser_extract, what="links")).text
    assert links.splitlines()[0] == f"[second page]({PLACE}/second.html)"
    assert (await browser.call(browser_extract, what="tables")).text.startswith("Table 1\n| Thing | Price |")
    await _open(browser, "huge.html")
    first = await browser.call(browser_extract)
    assert "more characters: go on with start=25000]" in first.text
    assert (await browser.call(browser_extract, start=25_000)).text[100:200] not in first.text


async def test_a_huge_page_shows_its_window(browser: MemoryToolContext) -> None:
    text = await _open(browser, "huge.html")
    assert "only what is in the window is shown" in text
    assert "link number 0" in text
    assert "link number 1499" not in text
    assert len(text) < 20_000
    assert "link number 1499" in (await browser.call(browser_scroll, to_text="link number 1499")).text


async def test_pictures_and_a_pdf_are_files(browser: MemoryToolContext) -> None:
    await _open(browser)
    shot = await browser.call(browser_screenshot, path="shots/a.png", whole_page=True)
    assert shot.text == "The picture is in shots/a.png."
    assert (await browser.call(browser_pdf, path="/workspace/a.pdf")).outcome == "ok"
    assert [(e.path, e.action) for e in browser.events if isinstance(e, FileChanged)] == [
        ("shots/a.png", "created"),
        ("a.pdf", "created"),
    ]
    assert await _start(browser, "shots/a.png") == b"\x89PNG"
    assert await _start(browser, "a.pdf") == b"%PDF"
    for path in ("../a.png", "/etc/a.png", "a.txt"):
        assert (await browser.call(browser_screenshot, path=path)).code == "path_invalid"


async def _start(context: MemoryToolContext, path: str) -> bytes:
    return b"".join([piece async for piece in context.machine.read(path, limit=4)])


async def test_files_go_up_and_come_down(browser: MemoryToolContext) -> None:
    text = await _open(browser)
    up = await browser.call(
        browser_upload, element=_number(text, 'button "Photo"'), paths=["site/second.html"]
    )
    assert up.text.startswith("Page: took second.html\n")
    none = await browser.call(browser_upload, element=_number(text, 'button "Photo"'), paths=["no.txt"])
    assert none.code == "file_not_found"
    down = await browser.call(browser_download, url=f"{PLACE}/data.bin")
    assert down.text == "Downloaded downloads/data.bin (1,000,000 bytes)."
    assert [e.size_bytes for e in browser.events if isinstance(e, FileChanged)] == [1_000_000]
    clicked = await browser.call(browser_download, element=_number(text, 'link "the data"'))
    assert "downloads/data-2.bin" in clicked.text
    visited = await browser.call(browser_go_to, url=f"{PLACE}/data.bin")
    assert "it is being downloaded" in visited.text
    endless = await browser.call(browser_download, url=f"{PLACE}/endless.bin", timeout_seconds=2)
    assert endless.code == "download_failed"
    assert "ended before it was whole" in endless.text
    assert (await browser.call(browser_download)).code == "invalid_arguments"
    left = await browser.machine.list(".factotum", recursive=True)
    assert [info.path for info in left if info.kind == "file"] == []


async def test_tabs_and_pop_ups(browser: MemoryToolContext) -> None:
    await _open(browser)
    popped = await browser.call(browser_click, text="Pop")
    assert "[A new tab was opened: tab 2.]" in popped.text
    assert "Page: Second" in popped.text
    opened = await browser.call(browser_tabs, action="open", url=f"{PLACE}/mouse.html")
    assert "Tabs: 3, this is tab 3" in opened.text
    listed = (await browser.call(browser_tabs)).text
    assert [line[:6] for line in listed.splitlines()] == ["  tab ", "  tab ", "* tab "]
    assert "Page: Shop" in (await browser.call(browser_tabs, action="switch", tab=1)).text
    assert (await browser.call(browser_tabs, action="switch", tab=9)).code == "tab_not_found"
    assert (await browser.call(browser_tabs, action="close")).code == "invalid_arguments"
    for _ in range(3):
        await browser.call(browser_tabs, action="open")
    assert (await browser.call(browser_tabs, action="open")).code == "too_many_tabs"
    for _ in range(4):
        await browser.call(browser_tabs, action="close", tab=2)
    last = await browser.call(browser_tabs, action="close", tab=2)
    assert last.text == f"* tab 1: Shop {PLACE}/index.html"


async def test_dialogs_never_hold_a_page(browser: MemoryToolContext) -> None:
    await _open(browser)
    asked = await browser.call(browser_click, text="Ask")
    assert "(confirm): 'Really?'. It was dismissed" in asked.text
    assert 'button "said false"' in asked.text
    await _open(browser)
    assert (await browser.call(browser_dialog, accept=True)).text == "The next dialog will be accepted."
    assert 'button "said true"' in (await browser.call(browser_click, text="Ask")).text


async def test_the_console_and_failed_requests(browser: MemoryToolContext) -> None:
    await _open(browser)
    await browser.call(browser_messages)
    await browser.call(browser_click, text="Log")
    said = (await browser.call(browser_messages)).text
    assert "[log] hello" in said
    assert "[uncaught] bad" in said
    assert f"[404] GET {PLACE}/missing.json" in said
    assert (await browser.call(browser_messages)).text.startswith("No messages")


async def test_waiting(browser: MemoryToolContext) -> None:
    await _open(browser)
    await browser.call(browser_click, text="Later")
    assert "it came" in (await browser.call(browser_wait, text="it came", seconds=20)).text
    assert "did not come within 0.5 s" in (await browser.call(browser_wait, text="never", seconds=0.5)).text
    assert (
        "is still there"
        in (await browser.call(browser_wait, text="second page", gone=True, seconds=0.3)).text
    )
    assert (await browser.call(browser_wait, seconds=0.1)).outcome == "ok"


async def test_addresses_that_are_no_page(browser: MemoryToolContext) -> None:
    for url, code in (
        ("https://example.com/", "no_network"),
        ("localhost:9999", "address_failed"),
        ("javascript:alert(1)", "address_invalid"),
        ("chrome://settings", "address_invalid"),
        (f"{PLACE}/nothing", "no_page"),
    ):
        result = await browser.call(browser_go_to, url=url)
        assert (result.outcome, result.code) == ("error", code), result.text
    assert (await browser.call(browser_search, query="a b")).code == "no_network"
    assert "Page: Second" in (await browser.call(browser_go_to, url="/workspace/site/second.html")).text
    assert "Page: Hi" in (await browser.call(browser_go_to, url="data:text/html,<title>Hi</title>")).text


async def test_a_page_that_never_ends_loading_is_shown_as_it_is(browser: MemoryToolContext) -> None:
    text = await _open(browser, "slow.html")
    assert text.startswith("[The page still loads after")
    assert 'heading "Half"' in text
    assert "Page: Second" in await _open(browser, "second.html")


async def test_a_page_that_hangs_can_be_left(browser: MemoryToolContext) -> None:
    await _open(browser)
    assert (await browser.call(browser_click, text="Hang")).code == "page_hangs"
    text = await _open(browser, "second.html")
    assert "[The page before did not answer; its tab was closed.]" in text
    assert "Page: Second" in text


@pytest.mark.parametrize("program", ["-x chromium", "-f '[p]laywright/driver/node'"])
async def test_a_killed_browser_is_started_again(browser: MemoryToolContext, program: str) -> None:
    await _open(browser)
    await browser.machine.exec(f"pkill -KILL {program}")
    ended = await _until_ok(browser, browser_look)
    assert "[The browser had ended and is a new one: tabs and sign-ins are gone.]" in ended.text
    await browser.machine.sessions.kill(SESSION)
    again = await browser.call(browser_look)
    assert again.text.startswith("[The browser is a new one: ")


async def _until_ok(context: MemoryToolContext, tool: Tool) -> ToolResult:
    """Call until it is done; a call that met the browser's end may say so first."""
    result = await context.call(tool)
    for _ in range(2):
        if result.outcome == "error":
            assert result.code in ("browser_ended", "tab_closed"), result.text
            result = await context.call(tool)
    assert result.outcome == "ok", result.text
    return result


async def test_a_stopped_call_ends_and_the_browser_stays(browser: MemoryToolContext) -> None:
    await _open(browser, "second.html")
    call = asyncio.create_task(browser.call(browser_wait, seconds=100))
    await asyncio.sleep(0.5)
    began = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    looked = await browser.call(browser_look)
    assert "Page: Second" in looked.text
    assert "new one" not in looked.text
    assert time.monotonic() - began < 20


async def test_calls_at_once_wait_for_each_other(browser: MemoryToolContext) -> None:
    await _open(browser)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(browser.call(browser_extract)) for _ in range(3)]
    assert len({call.result().text for call in calls}) == 1


async def test_a_sandbox_without_sessions_has_no_browser() -> None:
    context = MemoryToolContext(MemorySandbox())
    assert (await context.call(browser_look)).code == "not_supported"


async def test_the_family_is_offered_or_says_why_not() -> None:
    assert browser_family(None).missing is None
    lacking = browser_family("No Chromium.")
    assert lacking.missing is not None
    assert lacking.missing.reason == "No Chromium."
    assert {tool.family for tool in BROWSER} == {"browser"}
    assert len(BROWSER) == 21


async def test_the_agents_shell_keeps_away_from_the_browsers_session(browser: MemoryToolContext) -> None:
    await _open(browser)
    refused = [
        await browser.call(shell_output, session=SESSION),
        await browser.call(shell_input, session=SESSION, text="{}"),
        await browser.call(shell_kill, session=SESSION),
        await browser.call(shell, command="true", session=SESSION),
    ]
    assert {result.code for result in refused} == {"session_not_yours"}


async def test_a_hand_over_is_a_question_and_what_a_person_held_is_told(browser: MemoryToolContext) -> None:
    asked = await browser.call(browser_hand_over, task="Sign in.", reason="Only you can.")
    assert isinstance(asked.signal, Ask)
    assert (asked.signal.question.reason, asked.signal.question.text) == (
        "hand_over",
        "Sign in.\n\nOnly you can.",
    )
    assert (await browser.call(browser_hand_over, task="Look.")).signal is not None


async def test_dialogs_tabs_and_a_pointer_in_a_persons_hands(browser: MemoryToolContext) -> None:
    await _open(browser, "mouse.html")
    person = Browser(browser.machine)

    async def do(*events: dict[str, JsonValue]) -> Done:
        return await person.do_for_person("drive", {"events": [*events], "seen": ""}, token="t", seconds=15)

    taken = await person.do_for_person("take", {"lease": 30}, token="t", seconds=30)
    assert taken.frame is not None
    assert taken.frame.picture().startswith(b"\xff\xd8\xff")
    at: dict[str, JsonValue] = {"x": 700, "y": 600, "modifiers": ["Shift"]}
    pressed = {"button": "left", "count": 1}
    await do({"type": "move", **at}, {"type": "down", **at, **pressed}, {"type": "up", **at, **pressed})
    assert "at 700 600" in (await person.do_for_person("hand_back", {"how": ""}, token="t", seconds=30)).text

    await person.do_for_person("take", {"lease": 30}, token="t", seconds=30)
    await do({"type": "go", "url": f"{PLACE}/index.html"})
    await asyncio.sleep(1)
    button: dict[str, JsonValue] = {"type": "key", "key": "Tab", "modifiers": []}
    enter: dict[str, JsonValue] = {"type": "key", "key": "Enter", "modifiers": []}
    asks = await do(*[button] * 5, enter)
    assert asks.dialog is not None, asks
    assert (asks.dialog.type, asks.dialog.message) == ("confirm", "Really?")
    said = await do({"type": "dialog", "accept": True, "text": ""})
    assert said.dialog is None
    tabs = await do({"type": "tab", "action": "open", "tab": 0})
    assert [tab.current for tab in tabs.tabs] == [*[False] * (len(tabs.tabs) - 1), True]
    closed = await do({"type": "tab", "action": "close", "tab": len(tabs.tabs)})
    assert len(closed.tabs) == len(tabs.tabs) - 1
    with pytest.raises(BrowserFault) as wrong:
        await do({"type": "go", "url": "javascript:alert(1)"})
    assert wrong.value.stable_code == "address_invalid"
    # A dialog that is left open is answered when the browser goes back.
    left = await do(enter)
    assert left.dialog is not None
    back = await person.do_for_person("hand_back", {"how": "handed it back."}, token="t", seconds=30)
    assert "said false" in back.text
    assert "s, and handed it back.]" in (await browser.call(browser_look)).text
