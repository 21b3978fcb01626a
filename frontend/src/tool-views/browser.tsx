/** The browser: where it goes, what is clicked and typed, what is taken out of pages. */
import { Globe, Hand, Keyboard, MousePointerClick, ScanText } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { t } from '@/words'
import type { en } from '@/words/en'
import { Output } from './detail'
import type { ToolView } from './view'
import { argument } from './view'

type Tool = keyof typeof en.tools & `browser_${string}`

/** `of`: the arguments that may say what it is done to; the first that does is shown. */
function view(tool: Tool, icon: LucideIcon, of: readonly string[]): ToolView {
  return {
    icon,
    get verb() {
      return t(`tools.${tool}.verb`)
    },
    plain: () => [t(`tools.${tool}.doing`), t(`tools.${tool}.done`)],
    target: (call: Call) => of.map((name) => argument(call, name)).find((text) => text !== '') ?? '',
    prose: false,
    Detail: Output,
    panel: 'browser',
  }
}

const point = (tool: Tool): ToolView => view(tool, MousePointerClick, ['text', 'to_text', 'element', 'direction'])
const read = (tool: Tool): ToolView => view(tool, ScanText, ['path', 'what'])
const move = (tool: Tool): ToolView => view(tool, Globe, ['url', 'query', 'text', 'action', 'element'])

export const browserViews = {
  browser_go_to: move('browser_go_to'),
  browser_search: move('browser_search'),
  browser_hand_over: view('browser_hand_over', Hand, ['task']),
  browser_history: move('browser_history'),
  browser_tabs: move('browser_tabs'),
  browser_wait: move('browser_wait'),
  browser_dialog: move('browser_dialog'),
  browser_download: move('browser_download'),
  browser_click: point('browser_click'),
  browser_scroll: point('browser_scroll'),
  browser_hover: point('browser_hover'),
  browser_drag: point('browser_drag'),
  browser_select: point('browser_select'),
  browser_upload: point('browser_upload'),
  browser_type: view('browser_type', Keyboard, ['text']),
  browser_keys: view('browser_keys', Keyboard, ['keys']),
  browser_look: read('browser_look'),
  browser_extract: read('browser_extract'),
  browser_messages: read('browser_messages'),
  browser_screenshot: read('browser_screenshot'),
  browser_pdf: read('browser_pdf'),
} satisfies Record<string, ToolView>
