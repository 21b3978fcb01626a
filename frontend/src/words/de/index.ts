/** German, loaded when somebody reads it. */
import app from './app.json'
import composer from './composer.json'
import computer from './computer.json'
import members from './members.json'
import palette from './palette.json'
import replay from './replay.json'
import runtime from './runtime.json'
import settings from './settings.json'
import sharing from './sharing.json'
import sidebar from './sidebar.json'
import signIn from './sign-in.json'
import start from './start.json'
import thread from './thread.json'
import tools from './tools.json'
import ui from './ui.json'
import type { Words } from '..'

const de: Words = {
  app,
  composer,
  runtime,
  sidebar,
  signIn,
  start,
  thread,
  tools,
  ui,
  computer,
  members,
  palette,
  replay,
  settings,
  sharing,
}
export default de
