/** Tasks to begin with. */
import { ChartLine, FileSpreadsheet, Globe } from 'lucide-react'
import { t } from '@/words'

/** These work on the demo model too. */
const TASKS = [
  {
    icon: ChartLine,
    get title() {
      return t('start.primesAndAPlot')
    },
    get prompt() {
      return t('start.writePrimesCsvWithThe')
    },
  },
  {
    icon: FileSpreadsheet,
    get title() {
      return t('start.aReportOnACsv')
    },
    get prompt() {
      return t('start.analyseTheCsvFileIn')
    },
  },
  {
    icon: Globe,
    get title() {
      return t('start.aSmallWebPage')
    },
    get prompt() {
      return t('start.makeASmallWebPage')
    },
  },
]

export function Suggestions({ onChoose }: { onChoose: (prompt: string) => void }) {
  return (
    <ul className="grid gap-2 sm:grid-cols-3">
      {TASKS.map(({ icon: Icon, title, prompt }) => (
        <li key={title}>
          <button
            type="button"
            onClick={() => {
              onChoose(prompt)
            }}
            className="flex h-full w-full flex-col gap-1 rounded-md border bg-raised p-3 text-left transition-colors hover:bg-hover"
          >
            <Icon size={17} className="mb-1 text-accent" aria-hidden="true" />
            <span className="font-medium">{title}</span>
            <span className="text-muted text-sm">{prompt}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
