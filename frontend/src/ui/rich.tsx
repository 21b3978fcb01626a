/** A text of the catalogue in which things stand that are more than text. */
import { Fragment } from 'react'
import type { ReactNode } from 'react'
import { t } from '@/words'
import type { Key } from '@/words'

interface RichProps {
  of: Key
  /** What stands for `{{name}}` in the text, by name. */
  parts: Readonly<Record<string, ReactNode>>
}

/** No text has this character. */
const MARK = '\u0001'

export function Rich({ of, parts }: RichProps) {
  const marks = Object.fromEntries(Object.keys(parts).map((name) => [name, MARK + name + MARK]))
  return t(of, marks)
    .split(MARK)
    .map((piece, place) => <Fragment key={place}>{place % 2 === 0 ? piece : parts[piece]}</Fragment>)
}
