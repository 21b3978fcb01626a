/** Reads comma-separated values (RFC 4180), with the separator that its first line uses. */

export function parseCsv(text: string, separator: string | null, mostRows: number): string[][] {
  const mark = separator ?? guess(text)
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let place = 0; place < text.length; place++) {
    const character = text.charAt(place)
    if (quoted) {
      if (character !== '"') cell += character
      else if (text.charAt(place + 1) === '"') {
        cell += '"'
        place++
      } else quoted = false
    } else if (character === '"' && cell === '') quoted = true
    else if (character === mark) {
      row.push(cell)
      cell = ''
    } else if (character === '\n') {
      rows.push([...row, cell.endsWith('\r') ? cell.slice(0, -1) : cell])
      if (rows.length === mostRows) return rows
      row = []
      cell = ''
    } else cell += character
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell])
  return rows
}

function guess(text: string): string {
  const line = text.slice(0, text.indexOf('\n') + 1 || text.length)
  const counts = [',', ';', '\t'].map((mark) => [mark, line.split(mark).length] as const)
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0]
}
