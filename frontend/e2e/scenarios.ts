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

export const SCENARIOS = [
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
