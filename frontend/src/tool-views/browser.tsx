/** The browser: where it goes, what is clicked and typed, what is taken out of pages. */
import { Globe, Hand, Keyboard, MousePointerClick, ScanText } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { Output } from './detail'
import { told } from './view'
import type { Told, ToolView } from './view'

type Tool = Told & `browser_${string}`

function view(tool: Tool, icon: LucideIcon, of: readonly string[]): ToolView {
  return told(tool, icon, of, { Detail: Output, panel: 'browser' })
}

const point = (tool: Tool): ToolView => view(tool, MousePointerClick, ['text', 'to_text', 'element', 'direction'])
const read = (tool: Tool): ToolView => view(tool, ScanText, ['path', 'what'])
const move = (tool: Tool): ToolView => view(tool, Globe, ['url', 'query', 'text', 'action', 'element'])

export const browserViews = {
  browser_go_to: move('browser_go_to'),
  browser_search: move('browser_search'),
  browser_hand_over: told('browser_hand_over', Hand, ['task'], { Detail: Output, panel: 'browser', prose: true }),
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
