import { mount } from 'svelte';

import './app.css';
import App from './App.svelte';
import { offerHandle } from './debugging';
import { speech } from './messages/speech.svelte';
import { keepShell } from './shell/register';

offerHandle();
// The server sends this page for any mistyped address too: what is opened and passed on from here has the right one.
if (location.pathname !== '/') history.replaceState(null, '', `/${location.hash}`);
await speech.begin();
mount(App, { target: document.getElementById('page')! });
keepShell();
