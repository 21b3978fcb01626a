/** Makes a document's HTML harmless: text, tables and pictures that it brings itself; nothing acts or is fetched. */
import DOMPurify from 'dompurify'
import type { Config } from 'dompurify'

const RULES: Config & { RETURN_DOM_FRAGMENT: true } = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'ul', 'ol', 'li', 'blockquote', 'pre'],
    ...['strong', 'em', 'b', 'i', 'u', 's', 'sub', 'sup', 'a', 'img'],
    ...['table', 'thead', 'tbody', 'tr', 'td', 'th'],
  ],
  ALLOWED_ATTR: ['href', 'src', 'alt', 'colspan', 'rowspan'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
}
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|bmp);base64,/

export function clean(html: string): DocumentFragment {
  const content = DOMPurify.sanitize(html, RULES)
  for (const picture of content.querySelectorAll('img')) {
    if (!PICTURE.test(picture.getAttribute('src') ?? '')) picture.remove()
    else if (!picture.hasAttribute('alt')) picture.alt = ''
  }
  for (const link of content.querySelectorAll('a')) {
    // Links inside of the document lead nowhere here: an address of the page has its own meaning.
    if (!/^(?:https?|mailto):/i.test(link.getAttribute('href') ?? '')) {
      link.replaceWith(...link.childNodes)
      continue
    }
    link.target = '_blank'
    link.rel = 'noopener noreferrer nofollow'
  }
  return content
}
