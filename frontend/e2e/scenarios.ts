/** What the scripted model plays, besides the primes. */

const long = Array.from({ length: 30 }, (_, n) => `Paragraph ${String(n + 1)} has **bold** words and \`code\`.\n\n`)

export const SCENARIOS = [
  {
    match: 'write slowly',
    turns: [[...long.map((text) => ({ text, delay: 0.08 }))]],
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
