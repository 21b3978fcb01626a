import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fault } from '@/features/computer/office/archive'
import { UnreadableFile, checkArchive } from '@/features/computer/office/archive'
import { letters, readSheets, shown } from '@/features/computer/office/sheets'
import { docx, xlsx, zip } from './made-files'

function bufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}

async function fault(bytes: Buffer, largest?: number): Promise<Fault | null> {
  try {
    await checkArchive(bufferOf(bytes), largest)
    return null
  } catch (error) {
    if (error instanceof UnreadableFile) return error.fault
    throw error
  }
}

describe('an archive is looked into before it is unpacked', () => {
  test('what offices write passes', async () => {
    expect(await fault(docx('Report'))).toBeNull()
    expect(await fault(xlsx({ One: [[1]] }))).toBeNull()
  })

  test('one that grows too large is refused, whatever it claims', async () => {
    const bomb = zip({ 'a.xml': '0'.repeat(300_000), 'b.xml': '0'.repeat(300_000) }, 10)
    expect(bomb.length).toBeLessThan(3000)
    expect(await fault(bomb, 500_000)).toBe('large')
    expect(await fault(bomb, 600_000)).toBeNull()
  })

  test('one with a password is told from one that is damaged', async () => {
    expect(await fault(Buffer.from('d0cf11e0a1b11ae1' + '00'.repeat(600), 'hex'))).toBe('protected')
    expect(await fault(Buffer.from('nothing'))).toBe('broken')
    expect(await fault(Buffer.alloc(0))).toBe('broken')
  })

  test('whatever is cut off or overwritten, it is unreadable or passes, and nothing else is raised', async () => {
    const whole = docx('Report')
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.nat(whole.length - 1), fc.nat(255), async (end, place, value) => {
        const bytes = Buffer.from(whole)
        bytes[place] = value
        expect([null, 'broken', 'large', 'protected']).toContain(await fault(bytes))
        expect([null, 'broken']).toContain(await fault(whole.subarray(0, end)))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a workbook', () => {
  test('shows its sheets, the first rows of each', async () => {
    const long = Array.from({ length: 700 }, (_, n) => [n])
    const [first, second] = await readSheets(
      bufferOf(
        xlsx({
          Sums: [
            ['name', 'value'],
            ['a', 0.1 + 0.2, 'x'],
          ],
          Long: long,
        }),
      ),
    )
    expect(first).toEqual({
      name: 'Sums',
      columns: ['A', 'B', 'C'],
      rows: [
        ['name', 'value', null],
        ['a', 0.3, 'x'],
      ],
      cut: false,
    })
    expect([second?.rows.length, second?.cut]).toEqual([500, true])
  })

  test('its values are shown as one reads them', () => {
    expect(shown(new Date('2026-01-02T00:00:00Z'))).toBe('2026-01-02')
    expect(shown(new Date('2026-01-02T03:04:00Z'))).toBe('2026-01-02 03:04')
    expect(shown(true)).toBe('TRUE')
    expect(shown(new Date(Number.NaN))).toBeNull()
    expect(shown(undefined)).toBeNull()
    expect([0, 25, 26, 51, 52, 701, 702].map(letters)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA'])
  })
})
