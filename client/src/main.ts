import { mount } from 'svelte';

import './app.css';
import './debugging';
import App from './App.svelte';
import { speech } from './messages/speech.svelte';
import { keepShell } from './shell/register';

await speech.begin();
mount(App, { target: document.getElementById('page')! });
keepShell();
