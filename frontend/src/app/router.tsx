/** Which address shows which page. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { NotFoundPage, StartPage, ThreadPage } from './pages'
import { withWords } from '@/words'
import { Shell } from './shell'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage })
const start = createRoute({ getParentRoute: () => root, path: '/', component: StartPage })
const thread = createRoute({ getParentRoute: () => root, path: '/t/$threadId', component: ThreadPage })

const shared = createRoute({
  getParentRoute: () => root,
  path: '/s',
  component: lazyRouteComponent(() => withWords(import('./shared-page'))),
})

const join = createRoute({
  getParentRoute: () => root,
  path: '/join',
  component: lazyRouteComponent(() => withWords(import('./join-page'))),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings/$',
  component: lazyRouteComponent(() => withWords(import('./settings-page'))),
})

export const router = createRouter({
  routeTree: root.addChildren([start, thread, shared, join, settings]),
  defaultPreload: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
