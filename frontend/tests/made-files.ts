/** Small files of kinds that are no text, made by hand: zip archives as offices write them, and PDF. */
import { crc32, deflateRawSync } from 'node:zlib'

/** A zip archive (APPNOTE 6.3) of `parts`, by name. `claims` says how large each part claims to be. */
export function zip(parts: Readonly<Record<string, string | Buffer>>, claims?: number): Buffer<ArrayBuffer> {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let place = 0
  for (const [name, content] of Object.entries(parts)) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(8, 4)
    facts.writeUInt32LE(crc32(bytes), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(claims ?? bytes.length, 18)
    facts.writeUInt16LE(Buffer.byteLength(name), 22)
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.from(name), packed])
    const more = Buffer.alloc(14)
    more.writeUInt32LE(place, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), facts, more, Buffer.from(name)]))
    files.push(file)
    place += file.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(directory.length, 4)
  end.writeUInt16LE(directory.length, 6)
  end.writeUInt32LE(Buffer.concat(directory).length, 8)
  end.writeUInt32LE(place, 12)
  return Buffer.from(Buffer.concat([...files, ...directory, Buffer.from('PK\x05\x06'), end]))
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
const KINDS = 'http://schemas.openxmlformats.org/package/2006/content-types'
const RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships'
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

function kinds(parts: Readonly<Record<string, string>>): string {
  const overrides = Object.entries(parts).map(([part, kind]) => {
    const type = `application/vnd.openxmlformats-officedocument.${kind}+xml`
    return `<Override PartName="/${part}" ContentType="${type}"/>`
  })
  const xml = '<Default Extension="xml" ContentType="application/xml"/>'
  const rels = `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`
  return `${XML}<Types xmlns="${KINDS}">${rels}${xml}${overrides.join('')}</Types>`
}

function relations(targets: Readonly<Record<string, readonly [string, string, string?]>>): string {
  const all = Object.entries(targets).map(
    ([id, [kind, target, mode]]) =>
      `<Relationship Id="${id}" Type="${OFFICE}/${kind}" Target="${target}"${mode === undefined ? '' : ` TargetMode="${mode}"`}/>`,
  )
  return `${XML}<Relationships xmlns="${RELATIONS}">${all.join('')}</Relationships>`
}

/** A document with a heading, a table, and a link to each of `links`. */
export function docx(heading: string, links: readonly string[] = []): Buffer<ArrayBuffer> {
  const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
  const text = (value: string): string => `<w:r><w:t>${value}</w:t></w:r>`
  const cell = (value: string): string => `<w:tc><w:p>${text(value)}</w:p></w:tc>`
  const body = [
    `<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>${text(heading)}</w:p>`,
    `<w:p>${text('Rows and ')}<w:r><w:rPr><w:b/></w:rPr><w:t>columns</w:t></w:r></w:p>`,
    `<w:tbl><w:tr>${cell('one')}${cell('1')}</w:tr><w:tr>${cell('two')}${cell('2')}</w:tr></w:tbl>`,
    ...links.map(
      (_, n) => `<w:p><w:hyperlink r:id="link${String(n)}">${text(`link ${String(n)}`)}</w:hyperlink></w:p>`,
    ),
  ]
  return zip({
    '[Content_Types].xml': kinds({
      'word/document.xml': 'wordprocessingml.document.main',
      'word/styles.xml': 'wordprocessingml.styles',
    }),
    '_rels/.rels': relations({ r1: ['officeDocument', 'word/document.xml'] }),
    'word/_rels/document.xml.rels': relations({
      styles: ['styles', 'styles.xml'],
      ...Object.fromEntries(links.map((link, n) => [`link${String(n)}`, ['hyperlink', link, 'External'] as const])),
    }),
    'word/styles.xml': `${XML}<w:styles xmlns:w="${word}"><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
    'word/document.xml': `${XML}<w:document xmlns:w="${word}" xmlns:r="${OFFICE}"><w:body>${body.join('')}</w:body></w:document>`,
  })
}

/** A workbook, its sheets by name. */
export function xlsx(sheets: Readonly<Record<string, readonly (readonly (string | number)[])[]>>): Buffer<ArrayBuffer> {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const entries = Object.entries(sheets)
  const part = (n: number): string => `worksheets/sheet${String(n + 1)}.xml`
  const data = (rows: readonly (readonly (string | number)[])[]): string =>
    rows
      .map((row, y) => {
        const cells = row.map((value, x) => {
          const at = `r="${String.fromCodePoint(65 + x)}${String(y + 1)}"`
          return typeof value === 'number'
            ? `<c ${at}><v>${String(value)}</v></c>`
            : `<c ${at} t="inlineStr"><is><t>${value}</t></is></c>`
        })
        return `<row r="${String(y + 1)}">${cells.join('')}</row>`
      })
      .join('')
  return zip({
    '[Content_Types].xml': kinds({
      'xl/workbook.xml': 'spreadsheetml.sheet.main',
      ...Object.fromEntries(entries.map((_, n) => [`xl/${part(n)}`, 'spreadsheetml.worksheet'])),
    }),
    '_rels/.rels': relations({ r1: ['officeDocument', 'xl/workbook.xml'] }),
    'xl/_rels/workbook.xml.rels': relations(
      Object.fromEntries(entries.map((_, n) => [`s${String(n)}`, ['worksheet', part(n)] as const])),
    ),
    'xl/workbook.xml': `${XML}<workbook xmlns="${main}" xmlns:r="${OFFICE}"><sheets>${entries
      .map(([name], n) => `<sheet name="${name}" sheetId="${String(n + 1)}" r:id="s${String(n)}"/>`)
      .join('')}</sheets></workbook>`,
    ...Object.fromEntries(
      entries.map(([, rows], n) => [
        `xl/${part(n)}`,
        `${XML}<worksheet xmlns="${main}"><sheetData>${data(rows)}</sheetData></worksheet>`,
      ]),
    ),
  })
}

/** A PDF (ISO 32000-1) with a page for each of `texts`; `locked`: encrypted with a password that nobody knows. */
export function pdf(texts: readonly string[], locked = false): Buffer {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${String(texts.length)} /Kids [${texts.map((_, n) => `${String(4 + 2 * n)} 0 R`).join(' ')}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...texts.flatMap((text, n) => {
      const drawn = `BT /F1 32 Tf 72 700 Td (${text}) Tj ET`
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${String(5 + 2 * n)} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
        `<< /Length ${String(drawn.length)} >>\nstream\n${drawn}\nendstream`,
      ]
    }),
  ]
  const key = 'ab'.repeat(32)
  const lock = locked ? ` /ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <${key}> /U <${key}> >>` : ''
  let written = '%PDF-1.4\n'
  const places = objects.map((object, n) => {
    const place = written.length
    written += `${String(n + 1)} 0 obj\n${object}\nendobj\n`
    return place
  })
  const table = written.length
  const lines = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`)
  const size = String(objects.length + 1)
  written += `xref\n0 ${size}\n0000000000 65535 f \n${lines.join('')}`
  written += `trailer\n<< /Size ${size} /Root 1 0 R${lock} >>\nstartxref\n${String(table)}\n%%EOF\n`
  return Buffer.from(written, 'latin1')
}
