// @vitest-environment jsdom
import { describe, expect, test } from 'vitest'
import { clean } from '@/features/computer/office/clean'

describe('a document does nothing', () => {
  function cleaned(html: string): string {
    const place = document.createElement('div')
    place.append(clean(html))
    return place.innerHTML
  }

  test('text, tables and its own pictures stay', () => {
    const html = '<h1>A</h1><table><tbody><tr><td colspan="2"><p>b</p></td></tr></tbody></table>'
    expect(cleaned(html)).toBe(html)
    const picture = '<img src="data:image/png;base64,AAAA" alt="A plot">'
    expect(cleaned(picture)).toBe(picture)
  })

  test('scripts, styles, forms, frames, names and what is elsewhere go', () => {
    const bad = [
      '<script>alert(1)</script>',
      '<p onclick="alert(1)" style="position:fixed" id="root" class="x" name="y">',
      '<img src="https://example.com/x.png"><img src="data:image/svg+xml;base64,AAAA">',
      '<img src=x onerror=alert(1)><iframe src="https://example.com"></iframe><form><input></form>',
      '<svg><a href="javascript:alert(1)">x</a></svg><math><mi>y</mi></math><style>*{}</style>',
    ]
    expect(cleaned(bad.join(''))).not.toMatch(
      /script|onclick|onerror|style|id=|class=|name=|<img|iframe|form|input|svg|math/i,
    )
  })

  test('links open elsewhere and tell nothing; those that are no addresses are text', () => {
    expect(cleaned('<a href="https://example.com/">x</a>')).toBe(
      '<a href="https://example.com/" target="_blank" rel="noopener noreferrer nofollow">x</a>',
    )
    expect(cleaned('<a href="#note">x</a><a href="javascript:a()">y</a><a href="/t/1">z</a>')).toBe('xyz')
  })
})
