/** A language for tests: every letter has an accent, and every text is a third longer, as German ones may be. */

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ACCENTED = 'áƀçðéƒğĥíĵķĺɱñöþǫŕšţúṽŵẋýžÅƁÇÐÉƑĞĤÎĴĶĹṀÑÖÞǪŔŠŢÛṼŴẊÝŽ'
const BY_LETTER = new Map(Array.from(PLAIN, (letter, place) => [letter, ACCENTED.charAt(place)]))

/** The catalogue in that language; what stands in `{{…}}` stays. */
export function pseudo<Words>(words: Words): Words {
  if (typeof words === 'string') return inBrackets(words) as Words
  return Object.fromEntries(
    Object.entries(words as object).map(([key, value]: [string, unknown]) => [key, pseudo(value)]),
  ) as Words
}

function inBrackets(text: string): string {
  const pieces = text.split(/(\{\{.*?\}\})/)
  const accented = pieces.map((piece, place) =>
    place % 2 === 1 ? piece : Array.from(piece, (letter) => BY_LETTER.get(letter) ?? letter).join(''),
  )
  const length = pieces.filter((_, place) => place % 2 === 0).join('').length
  return `⟦${accented.join('')}${'~'.repeat(Math.ceil(length * 0.3))}⟧`
}
