/** Fetches what formulas need, when a text has one. */
import { useEffect, useState } from 'react'
import type { plugin as MathPlugin } from './math'

interface MathModule {
  readonly plugin: typeof MathPlugin
  readonly delimited: (text: string) => string
}

const FORMULA = /\$\$|\\\(|\\\[/

let loaded: MathModule | null = null

/** What renders formulas; null while there are none, and until it is there: they are shown as written. */
export function useMath(text: string): MathModule | null {
  const wanted = FORMULA.test(text)
  const [math, setMath] = useState(loaded)
  useEffect(() => {
    if (!wanted || math !== null) return
    let here = true
    void import('./math').then((found) => {
      loaded = found
      if (here) setMath(found)
    })
    return () => {
      here = false
    }
  }, [wanted, math])
  return wanted ? math : null
}
