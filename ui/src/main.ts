// Where the page begins: a host, a session over it, the window into the page.
import { mount } from 'svelte';
import './style/base.css';
import { openSession } from './model/open';
import Window from './views/Window.svelte';

const target = document.getElementById('app');
if (target !== null) mount(Window, { target, props: { session: await openSession() } });
