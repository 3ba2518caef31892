import { mount } from 'svelte'
import { debugView } from './debug'
import { Prefs } from './state/prefs.svelte'
import { storage } from './state/storage'
import { Workspace } from './state/workspace.svelte'
import './styles/base.css'
import App from './views/shell/App.svelte'

const workspace = new Workspace(new Prefs(storage()))
const target = document.getElementById('app')
if (!target) throw new Error('index.html lacks #app')
mount(App, { target, props: { workspace } })
Object.assign(window, { __spinscope: debugView(workspace) })
void workspace.start()
