/** Which address shows which page. */
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { NotFoundPage, StartPage, ThreadPage } from './pages'
import { Shell } from './shell'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage })
const start = createRoute({ getParentRoute: () => root, path: '/', component: StartPage })
const thread = createRoute({ getParentRoute: () => root, path: '/t/$threadId', component: ThreadPage })

export const router = createRouter({ routeTree: root.addChildren([start, thread]), defaultPreload: false })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
