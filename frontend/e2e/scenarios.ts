/** What the scripted model plays, besides the primes. */

const long = Array.from({ length: 30 }, (_, n) => `Paragraph ${String(n + 1)} has **bold** words and \`code\`.\n\n`)

const rich =
  'Inline \\(E = mc^2\\), and \\[\\int_0^1 x\\,dx = \\frac{1}{2}\\]\n\nIt costs $5 or $6.\n\n' +
  '```mermaid\ngraph LR\n  A[Write] --> B[Read]\n```\n\n```mermaid\nno diagram {{{\n```\n\n' +
  'See [Primes](https://example.com/primes) and [Numbers](https://example.org/numbers).\n'

const plan = (first: string, second: string) => ({
  call: 'update_plan',
  arguments: {
    items: [
      { text: 'Write the program', status: first },
      { text: 'Run it', status: second },
    ],
  },
})

/** A site with a sign-in, for the agent's browser. */
const site = `import http.server, urllib.parse
FORM = "<title>Sign in</title><h1>Sign in</h1><form method=post><p><label>User <input name=user autofocus></label>" \\
    "<p><label>Password <input type=password name=password></label><p><button>Sign in</button></form>"
class Handler(http.server.BaseHTTPRequestHandler):
    def page(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(text.encode())
    def do_GET(self):
        self.page(FORM)
    def do_POST(self):
        sent = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        user, password = sent["user"][0], sent["password"][0]
        self.page(f"<title>Inbox</title><h1>Hello {user}</h1><p>A password of {len(password)} characters.")
http.server.ThreadingHTTPServer(("127.0.0.1", 8123), Handler).serve_forever()
`
const UP = 'for n in $(seq 100); do (echo > /dev/tcp/127.0.0.1/8123) 2>/dev/null && exit; sleep 0.1; done; exit 1'

/** A command that goes on until the person's side has written a file, so that no test waits longer than it must. */
const HELD = 'until [ -e go ]; do sleep 0.1; done'

const table = '| Name | Value |\n|---|---|\n| one, or so | 1 |\n| two | 2 |\n'

export const SCENARIOS = [
  {
    match: 'think, then explain',
    turns: [
      [
        { reasoning: 'First I weigh **both** ways.' },
        { stall: 0.5 },
        { text: 'Half of **this is bold' },
        { stall: 0.5 },
        { text: '** and done.\n\n```python\ndef double(x):\n    return 2 * x' },
        { stall: 0.5 },
        { text: `\n\`\`\`\n\n${table}\n` },
        { call: 'shell', arguments: { command: `seq 300; printf '\\033[32mgreen\\033[0m\\n'; ${HELD}` } },
      ],
      ['All is explained.'],
    ],
  },
  {
    match: 'hold on',
    turns: [
      ['I hold on.', { call: 'shell', arguments: { command: HELD } }],
      { expect: 'Hear me', items: ['I heard you.', { call: 'shell', arguments: { command: 'sleep 300' } }] },
      { expect: 'Leave it', items: [{ call: 'complete', arguments: { summary: 'I left it.', deliverables: [] } }] },
    ],
  },
  {
    match: 'four commands',
    turns: [
      ...['one', 'two', 'three', 'four'].map((word) => [
        { call: 'shell', arguments: { command: `printf '%s\\n' ${word}-was-run` } },
      ]),
      [{ call: 'complete', arguments: { summary: 'I am through.', deliverables: [] } }],
    ],
  },
  { match: 'lose your key', turns: [{ items: [], error: 'unauthorized' }] },
  {
    match: 'read my inbox',
    turns: [
      [
        'I open the site.',
        { call: 'create_file', arguments: { path: 'site.py', content: site } },
        { call: 'shell', arguments: { command: 'python3 site.py', session: 'site', blocking: false } },
        { call: 'shell', arguments: { command: UP } },
        { call: 'browser_go_to', arguments: { url: 'http://localhost:8123/' } },
        {
          call: 'browser_hand_over',
          arguments: { task: 'Please **sign in**, then hand it back.', reason: 'Only you have the password.' },
        },
      ],
      [{ call: 'browser_look', arguments: {} }],
      [{ call: 'complete', arguments: { summary: 'I am in your inbox.', deliverables: [] } }],
    ],
  },
  {
    match: 'end badly',
    turns: [
      [
        'I try.',
        { call: 'shell', arguments: { command: "printf 'nothing is like it\\n'; exit 3" } },
        { call: 'shell', arguments: { command: 'sleep 30', timeout_seconds: 1 } },
        { call: 'shell', arguments: { command: '(exit 4)', session: 'lasting' } },
        { call: 'run_python', arguments: { code: '1 / 0' } },
        { call: 'shell', arguments: { command: "printf 'all is well\\n'" } },
        { call: 'create_file', arguments: { path: '.factotum/outputs/long.txt', content: 'All of a long output.' } },
      ],
      [{ call: 'complete', arguments: { summary: 'Some of it ended badly.', deliverables: [] } }],
    ],
  },
  { match: 'rich answer', turns: [[rich]] },
  {
    match: 'work in steps',
    turns: [
      [
        'I begin.',
        plan('active', 'pending'),
        { call: 'create_file', arguments: { path: 'app.py', content: 'one\ntwo\nthree\n' } },
        { call: 'str_replace', arguments: { path: 'app.py', old_text: 'two\n', new_text: '2\n' } },
        plan('done', 'active'),
        { call: 'shell', arguments: { command: 'sleep 5' } },
      ],
      [{ call: 'complete', arguments: { summary: 'All steps are done.', deliverables: ['app.py'] } }],
      [{ call: 'complete', arguments: { summary: 'All steps are done, as you said.', deliverables: ['app.py'] } }],
    ],
  },
  {
    match: 'write slowly',
    turns: [[...long.map((text) => ({ text, delay: 0.08 }))]],
  },
  {
    match: 'a plan, then write at length',
    turns: [['First a plan.', plan('active', 'pending')], [...long.map((text) => ({ text, delay: 0.1 }))]],
  },
  {
    match: 'which colour',
    turns: [
      [
        'I need to know one thing.',
        { call: 'ask', arguments: { question: 'Which **colour** shall it be?', choices: ['Red', 'Blue'] } },
      ],
      [{ call: 'complete', arguments: { summary: 'It is done in your colour.', deliverables: [] } }],
    ],
  },
  {
    match: 'wait for ever',
    turns: [
      [
        'I wait.',
        { call: 'shell', arguments: { command: 'sleep 300' } },
        { call: 'create_file', arguments: { path: 'never.txt', content: 'x' } },
      ],
    ],
  },
  {
    match: 'show everything',
    turns: [
      [
        '# A heading\n\nA table:\n\n| Name | Value |\n|---|---|\n| one | 1 |\n| two | 2 |\n\n```python\ndef double(x):\n    return 2 * x\n```\n\n- first\n- second\n\n![far](https://example.com/x.png) and [a link](https://example.com).\n',
        { call: 'shell', arguments: { command: "printf '\\033[32mgreen\\033[0m\\n'" } },
      ],
      ['All is shown.'],
    ],
  },
]
