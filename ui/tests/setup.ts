// What jsdom lacks and the window uses.
import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';

afterEach(() => {
  cleanup();
  document.body.innerHTML = '';
});

Element.prototype.scrollIntoView ??= () => {};
globalThis.ResizeObserver ??= class { observe(): void {} unobserve(): void {} disconnect(): void {} };
