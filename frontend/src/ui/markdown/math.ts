/** Formulas: KaTeX, and the ways in which models write them. Loaded with the first formula. */
import 'katex/dist/katex.min.css'
import rehypeKatex from 'rehype-katex'
import remarkMath from 'remark-math'

const remark: [typeof remarkMath, { singleDollarTextMath: boolean }] = [remarkMath, { singleDollarTextMath: false }]
// What KaTeX cannot read is shown as it was written.
const rehype: [typeof rehypeKatex, { errorColor: string; strict: false }] = [
  rehypeKatex,
  { errorColor: 'var(--err)', strict: false },
]

export const plugin = {
  name: 'katex' as const,
  type: 'math' as const,
  remarkPlugin: remark,
  rehypePlugin: rehype,
}

// Fences and code spans, whole, so that nothing in them is taken for a formula.
const CODE_OR_FORMULA = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]/g

/** Writes `\(x\)` and `\[x\]` with the dollars that the parser knows. A single dollar stays money. */
export function delimited(text: string): string {
  return text.replaceAll(CODE_OR_FORMULA, (whole: string, code?: string, inline?: string, block?: string) => {
    if (code !== undefined) return whole
    if (inline !== undefined) return `$$${inline.trim()}$$`
    return `\n$$\n${(block ?? '').trim()}\n$$\n`
  })
}
