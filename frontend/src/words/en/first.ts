/** What is said on the start page and in a thread: there from the first picture on. */
import app from './app.json'
import composer from './composer.json'
import runtime from './runtime.json'
import sidebar from './sidebar.json'
import signIn from './sign-in.json'
import start from './start.json'
import thread from './thread.json'
import tools from './tools.json'
import ui from './ui.json'

export const first = { app, composer, runtime, sidebar, signIn, start, thread, tools, ui }
