import { mount } from 'svelte';

import './app.css';
import './debugging';
import App from './App.svelte';
import { speech } from './messages/speech.svelte';

await speech.begin();
mount(App, { target: document.getElementById('page')! });
