import hooks from 'eslint-plugin-react-hooks'
import { defineConfig } from 'eslint/config'
import typescript from 'typescript-eslint'

// The rooms, the lowest first: a room may import itself and those below it. `ui` knows nothing of agents; `words`
// is what all but `protocol` say.
const ROOMS = ['protocol', 'runtime', 'tool-views', 'features', 'app']

// What a person reads stands in the catalogues of src/words. Names and code are no words: they are not translated.
const NAMES = 'Factotum|[A-Z]+_[A-Z_]+|factotum serve|openapi.json|docs\\u002f|token|text'
const WORDS = `/^(?!\\s*(?:${NAMES})\\s*$).*\\p{L}{2}/su`
const SAID =
  '/^(aria-(label|description|placeholder|roledescription|valuetext)|alt|title|label|placeholder|legend|note|intro|heading|verb|text|empty|of)$/'
const MESSAGE = 'What a person reads stands in a catalogue: add it to src/words/en and say t(key).'
const SPOKEN = [
  `JSXElement > JSXText[value=${WORDS}]`,
  `JSXFragment > JSXText[value=${WORDS}]`,
  `:matches(JSXElement, JSXFragment) > JSXExpressionContainer > :matches(Literal[value=${WORDS}], TemplateLiteral TemplateElement[value.raw=${WORDS}])`,
  `:matches(JSXElement, JSXFragment) > JSXExpressionContainer > :matches(ConditionalExpression, LogicalExpression) > Literal[value=${WORDS}]`,
  `JSXAttribute[name.name=${SAID}][name.name!='of'] > Literal[value=${WORDS}]`,
  `JSXAttribute[name.name=${SAID}][name.name!='of'] > JSXExpressionContainer > :matches(Literal[value=${WORDS}], TemplateLiteral > TemplateElement[value.raw=${WORDS}])`,
  `JSXAttribute[name.name=${SAID}][name.name!='of'] > JSXExpressionContainer > :matches(ConditionalExpression, LogicalExpression) > Literal[value=${WORDS}]`,
  `Property[key.name=/^(title|label|note|verb|hint|doing)$/] > Literal[value=/\\p{L}{2}/u]`,
  `CallExpression[callee.name='toast'] > :matches(Literal[value=${WORDS}], TemplateLiteral > TemplateElement[value.raw=${WORDS}])`,
  `CallExpression[callee.object.name='toast'] > :matches(Literal[value=${WORDS}], TemplateLiteral > TemplateElement[value.raw=${WORDS}])`,
  // A sentence, wherever it stands.
  ':not([id.name=STOP]) > Literal[value=/^[A-Z][^_]* .*[a-z]/]',
  'TemplateElement[value.raw=/^[A-Z][a-z]+ .*[a-z]/]',
].map((selector) => ({ selector, message: MESSAGE }))

export default defineConfig(
  { ignores: ['src/protocol/api.ts', 'public/**', 'scripts/**', 'eslint.config.js'] },
  typescript.configs.strictTypeChecked,
  typescript.configs.stylisticTypeChecked,
  hooks.configs.flat.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'max-lines': ['error', { max: 250 }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // A promise in an event's handler is marked with `void`; a ref's object is no promise.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  {
    files: ['src/**'],
    rules: { 'no-restricted-syntax': ['error', ...SPOKEN] },
  },
  ...[...ROOMS, 'ui', 'words'].map((room) => ({
    files: [`src/${room}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns: forbidden(room) }] },
  })),
)

/** What a room may not import. */
function forbidden(room) {
  const allowed = ROOMS.includes(room) ? ROOMS.slice(0, ROOMS.indexOf(room) + 1) : [room]
  // Only rooms that draw something draw with it.
  if (!['protocol', 'runtime', 'words'].includes(room)) allowed.push('ui')
  if (room !== 'protocol') allowed.push('words')
  const rooms = [...ROOMS, 'ui', 'words']
    .filter((other) => !allowed.includes(other))
    .flatMap((other) => [`@/${other}`, `@/${other}/**`])
  const react = ['protocol', 'words'].includes(room) ? ['react', 'react-dom'] : []
  return [
    {
      group: ['../../**', ...rooms, ...react],
      message: 'A room imports itself and the rooms below it: see ROOMS in eslint.config.js.',
    },
  ]
}
