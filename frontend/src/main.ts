import { mount } from 'svelte'
import { debugView } from './debug'
import { sharing } from './native'
import { Prefs } from './state/prefs.svelte'
import { place, storage } from './state/storage'
import { Workspace } from './state/workspace.svelte'
import './styles/base.css'
import App from './views/shell/App.svelte'

function open(): void {
  const workspace = new Workspace(new Prefs(storage(), place))
  const target = document.getElementById('app')
  if (!target) throw new Error('index.html lacks #app')
  mount(App, { target, props: { workspace } })
  Object.assign(window, { __spinscope: debugView(workspace) })
  void workspace.start()
}

if (sharing) {
  const app = sharing
  void import('./state/share')
    .then(({ share }) => share(app))
    .catch(() => undefined) // without the others the page keeps what it can
    .then(open)
} else open()
