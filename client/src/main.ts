import { mount } from 'svelte';

import './app.css';
import App from './App.svelte';
import { offerHandle } from './debugging';
import { speech } from './messages/speech.svelte';
import { keepShell } from './shell/register';

offerHandle();
await speech.begin();
mount(App, { target: document.getElementById('page')! });
keepShell();
