"""The web site that the browser's tests visit, and the server for it that runs inside the sandbox."""

SHOP = """<!doctype html><title>Shop</title>
<h1>Shop</h1>
<p>Some <b>text</b>, a <a href="second.html">second page</a>, <a href="data.bin" download>the data</a>.</p>
<p style="display:none">invisible</p>
<form onsubmit="document.title = 'sent ' + this.name.value + ' ' + this.colour.value; return false">
<label>Name <input name="name"></label>
<select name="colour"><option>Red</option><option>Blue</option></select>
</form>
<button onclick="this.textContent = 'said ' + confirm('Really?')">Ask</button>
<button onclick="window.open('second.html')">Pop</button>
<button onclick="for (;;);">Hang</button>
<button onclick="setTimeout(() => {
  document.querySelector('h1').textContent = 'it came' }, 600)">Later</button>
<button onclick="console.log('hello'); fetch('missing.json'); throw new Error('bad')">Log</button>
<label>Photo <input type="file" aria-label="Photo"
  onchange="document.title = 'took ' + this.files[0].name"></label>
<table><tr><th>Thing</th><th>Price</th></tr><tr><td>Cup</td><td>3</td></tr></table>
<iframe srcdoc="<button>Inside</button>"></iframe>
<div style="height: 3000px"></div>
<p>The very end</p>
"""

MOUSE = """<!doctype html><title>Mouse</title>
<style>body { margin: 0 } button { width: 90px; height: 30px }</style>
<p id="said">nothing yet</p>
<button onclick="said.textContent = 'clicked ' + ++n">Count</button>
<button onmouseenter="said.textContent = 'menu is open'">Menu</button>
<button draggable="true" ondragstart="event.dataTransfer.setData('text', 'piece')">Piece</button>
<button ondragover="event.preventDefault()" ondrop="event.preventDefault();
  said.textContent = 'dropped ' + event.dataTransfer.getData('text')">Basket</button>
<div style="position: absolute; top: 400px"><button>Under</button>
<div style="position: absolute; inset: 0; background: #fff"></div></div>
<script>
let n = 0
const said = document.getElementById('said')
document.addEventListener('click', (e) => {
  if (e.target.tagName !== 'BUTTON') said.textContent = `at ${e.clientX} ${e.clientY}`
})
document.documentElement.style.height = '100%'
</script>
"""

HUGE = "<!doctype html><title>Huge</title>" + "".join(
    f'<p><a href="#{number}">link number {number}</a> with some words after it</p>' for number in range(1500)
)

SITE = {
    "index.html": SHOP,
    "mouse.html": MOUSE,
    "huge.html": HUGE,
    "second.html": "<!doctype html><title>Second</title><h1>Second</h1><a href='index.html'>home</a>",
}

SERVER = """
import http.server, time

class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/nothing":
            self.send_response(204)
            self.end_headers()
        elif self.path == "/data.bin":
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(bytes(1000000))
        elif self.path in ("/endless.bin", "/slow.html"):
            kind = "text/html" if self.path == "/slow.html" else "application/octet-stream"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            try:
                self.wfile.write(b"<title>Slow</title><h1>Half</h1>")
                for _ in range(600):
                    self.wfile.write(b" " * 10000)
                    time.sleep(0.1)
            except OSError:
                pass
        else:
            super().do_GET()

http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
"""
