/** Colours of code: Shiki with its JavaScript engine and a handful of languages, loaded when first needed. */
import type { HighlighterCore, LanguageInput } from 'shiki/core'

export interface Token {
  readonly text: string
  readonly light: string
  readonly dark: string
}

const LANGUAGES: Readonly<Record<string, () => LanguageInput>> = {
  bash: () => import('shiki/langs/bash.mjs'),
  c: () => import('shiki/langs/c.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  java: () => import('shiki/langs/java.mjs'),
  javascript: () => import('shiki/langs/javascript.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  markdown: () => import('shiki/langs/markdown.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  toml: () => import('shiki/langs/toml.mjs'),
  typescript: () => import('shiki/langs/typescript.mjs'),
  xml: () => import('shiki/langs/xml.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
}
const OTHER_NAMES: Readonly<Record<string, string>> = {
  cpp: 'c',
  h: 'c',
  htm: 'html',
  js: 'javascript',
  jsx: 'typescript',
  md: 'markdown',
  mjs: 'javascript',
  patch: 'diff',
  py: 'python',
  rs: 'rust',
  sh: 'bash',
  shell: 'bash',
  svg: 'xml',
  ts: 'typescript',
  tsx: 'typescript',
  yml: 'yaml',
  zsh: 'bash',
}
const LONGEST = 100_000

let making: Promise<HighlighterCore> | null = null

/** The language that a fence or a file name means, or null. */
export function languageOf(name: string): string | null {
  const lower = name.toLowerCase()
  const known = OTHER_NAMES[lower] ?? lower
  return known in LANGUAGES ? known : null
}

/** Colours `code` line by line; null where it is too long or its language is not known. */
export async function highlight(code: string, name: string): Promise<Token[][] | null> {
  const language = languageOf(name)
  if (language === null || code.length > LONGEST) return null
  making ??= make()
  const highlighter = await making
  const load = LANGUAGES[language]
  if (load !== undefined && !highlighter.getLoadedLanguages().includes(language)) await highlighter.loadLanguage(load())
  const lines = highlighter.codeToTokensWithThemes(code, {
    lang: language,
    themes: { light: 'github-light', dark: 'github-dark' },
  })
  return lines.map((line) =>
    line.map(({ content, variants }) => ({
      text: content,
      light: variants.light?.color ?? '',
      dark: variants.dark?.color ?? '',
    })),
  )
}

async function make(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createJavaScriptRegexEngine }] = await Promise.all([
    import('shiki/core'),
    import('shiki/engine/javascript'),
  ])
  return createHighlighterCore({
    themes: [
      import('shiki/themes/github-light-high-contrast.mjs').then((theme) => ({
        ...theme.default,
        name: 'github-light',
      })),
      import('shiki/themes/github-dark-default.mjs').then((theme) => ({ ...theme.default, name: 'github-dark' })),
    ],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  })
}
