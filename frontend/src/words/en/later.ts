/** What only parts of the page say that are loaded when somebody opens them. */
import computer from './computer.json'
import members from './members.json'
import palette from './palette.json'
import replay from './replay.json'
import settings from './settings.json'
import sharing from './sharing.json'

export const later = { computer, members, palette, replay, settings, sharing }
