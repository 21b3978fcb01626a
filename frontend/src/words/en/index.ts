/** English: the language that the page is written in; its keys are those that there are. */
import { first } from './first'
import { later } from './later'

export const en = { ...first, ...later }
