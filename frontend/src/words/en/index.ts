/** English: the language that the page is written in; its keys are those that there are. */
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

export const en = {
  app,
  composer,
  computer,
  members,
  palette,
  replay,
  runtime,
  settings,
  sharing,
  sidebar,
  signIn,
  start,
  thread,
  tools,
  ui,
}
