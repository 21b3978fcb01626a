/** The browser: where it goes, what is clicked and typed, what is taken out of pages. */
import { Globe, Hand, Keyboard, MousePointerClick, ScanText } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { Call } from '@/protocol/state'
import { Output } from './detail'
import type { ToolView } from './view'
import { argument } from './view'

interface Words {
  icon: LucideIcon
  verb: string
  doing: string
  done: string
  /** The arguments that may say what it is done to; the first that does is shown. */
  of?: readonly string[]
}

function view({ icon, verb, doing, done, of = [] }: Words): ToolView {
  const target = (call: Call): string => of.map((name) => argument(call, name)).find((text) => text !== '') ?? ''
  return { icon, verb, plain: () => [doing, done], target, prose: false, Detail: Output, panel: 'browser' }
}

const point = (verb: string, doing: string, done: string): ToolView =>
  view({ icon: MousePointerClick, verb, doing, done, of: ['text', 'to_text', 'element', 'direction'] })
const read = (verb: string, doing: string, done: string): ToolView =>
  view({ icon: ScanText, verb, doing, done, of: ['path', 'what'] })
const move = (verb: string, doing: string, done: string): ToolView =>
  view({ icon: Globe, verb, doing, done, of: ['url', 'query', 'text', 'action', 'element'] })

export const browserViews = {
  browser_go_to: move('Open', 'Opening a page', 'Opened a page'),
  browser_search: move('Search', 'Searching the web', 'Searched the web'),
  browser_hand_over: view({
    icon: Hand,
    verb: 'Hand over',
    doing: 'Handing you the browser',
    done: 'Handed you the browser',
    of: ['task'],
  }),
  browser_history: move('Browser', 'Going through the history', 'Went through the history'),
  browser_tabs: move('Tabs', 'Using tabs', 'Used tabs'),
  browser_wait: move('Wait', 'Waiting for a page', 'Waited for a page'),
  browser_dialog: move('Dialog', 'Preparing for a dialog', 'Prepared for a dialog'),
  browser_download: move('Download', 'Downloading a file', 'Downloaded a file'),
  browser_click: point('Click', 'Clicking', 'Clicked'),
  browser_scroll: point('Scroll', 'Scrolling', 'Scrolled'),
  browser_hover: point('Point at', 'Pointing at something', 'Pointed at something'),
  browser_drag: point('Drag', 'Dragging', 'Dragged'),
  browser_select: point('Choose', 'Choosing from a list', 'Chose from a list'),
  browser_upload: point('Upload', 'Uploading files', 'Uploaded files'),
  browser_type: view({ icon: Keyboard, verb: 'Type', doing: 'Typing', done: 'Typed', of: ['text'] }),
  browser_keys: view({ icon: Keyboard, verb: 'Press', doing: 'Pressing keys', done: 'Pressed keys', of: ['keys'] }),
  browser_look: read('Look', 'Looking at the page', 'Looked at the page'),
  browser_extract: read('Read', 'Reading the page', 'Read the page'),
  browser_messages: read('Console', 'Reading the console', 'Read the console'),
  browser_screenshot: read('Picture', 'Taking a picture', 'Took a picture'),
  browser_pdf: read('PDF', 'Making a PDF', 'Made a PDF'),
} satisfies Record<string, ToolView>
