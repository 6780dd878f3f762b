// What a script in the window could do to reach an address. Each way has a name, which is the path it asks for, so
// that the listener can say which one got through. `ways.quiet` leave the page where it is; `ways.loud` lead it away.
const [base, udp] = arguments;
const to = (way) => `${base}/${way}`;
const add = (tag, attributes, parent = document.body) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
};
const link = (way, rel, more = {}) => add('link', { rel, href: to(way), ...more }, document.head);
const sheet = (css) => {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, made];
};
const inline = (css) => (add('style', {}, document.head).textContent = css);
const html = (text) => {
  const div = add('div', {});
  div.innerHTML = text;
};
const svg = 'http://www.w3.org/2000/svg';
const scriptUrl = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
const pageUrl = (way) => URL.createObjectURL(new Blob([`<img src="${to(way)}">`], { type: 'text/html' }));

const quiet = {
  'fetch': () => fetch(to('fetch')),
  'fetch-no-cors': () => fetch(to('fetch-no-cors'), { mode: 'no-cors' }),
  'fetch-keepalive': () => fetch(to('fetch-keepalive'), { method: 'POST', body: 'x', keepalive: true, mode: 'no-cors' }),
  'xhr': () => { const x = new XMLHttpRequest(); x.open('GET', to('xhr')); x.send(); },
  'xhr-sync': () => { const x = new XMLHttpRequest(); x.open('GET', to('xhr-sync'), false); x.send(); },
  'websocket': () => new WebSocket(to('websocket').replace('http', 'ws')),
  'eventsource': () => new EventSource(to('eventsource')),
  'beacon': () => navigator.sendBeacon(to('beacon'), 'x'),
  'img': () => { new Image().src = to('img'); },
  'img-srcset': () => add('img', { srcset: `${to('img-srcset')} 1x` }),
  'picture': () => html(`<picture><source srcset="${to('picture')}"><img></picture>`),
  'input-image': () => add('input', { type: 'image', src: to('input-image') }),
  'script': () => add('script', { src: to('script') }),
  'script-module': () => add('script', { type: 'module', src: to('script-module') }),
  'import': () => import(to('import')),
  'stylesheet': () => link('stylesheet', 'stylesheet'),
  'style-import': () => inline(`@import url("${to('style-import')}");`),
  'style-background': () => inline(`html { background: url("${to('style-background')}"); }`),
  'style-attribute': () => html(`<p style="background: url('${to('style-attribute')}')">x</p>`),
  'cssom-background': () => { document.body.style.backgroundImage = `url("${to('cssom-background')}")`; },
  'cssom-mask': () => { add('p', {}).style.cssText = `-webkit-mask: url("${to('cssom-mask')}"); width: 9px; height: 9px`; },
  'cssom-cursor': () => { add('p', {}).style.cursor = `url("${to('cssom-cursor')}"), auto`; },
  'cssom-list': () => { add('li', {}).style.listStyleImage = `url("${to('cssom-list')}")`; },
  'cssom-content': () => sheet(`body::after { content: url("${to('cssom-content')}"); }`),
  'cssom-filter': () => { add('p', {}).style.filter = `url("${to('cssom-filter')}#f")`; },
  'font-face': () => new FontFace('F1', `url("${to('font-face')}")`).load(),
  'style-font': () => { inline(`@font-face { font-family: F2; src: url("${to('style-font')}"); }`); html('<b style="font-family: F2">x</b>'); },
  'sheet-font': () => { sheet(`@font-face { font-family: F3; src: url("${to('sheet-font')}"); } body { font-family: F3; }`); },
  'iframe': () => add('iframe', { src: to('iframe') }),
  'iframe-srcdoc': () => add('iframe', { srcdoc: `<img src="${to('iframe-srcdoc')}">` }),
  'iframe-data': () => add('iframe', { src: `data:text/html,<img src="${to('iframe-data')}">` }),
  'iframe-blob': () => add('iframe', { src: pageUrl('iframe-blob') }),
  'iframe-blank': () => { const f = add('iframe', {}); f.contentDocument.body.innerHTML = `<img src="${to('iframe-blank')}">`; },
  'iframe-location': () => { add('iframe', {}).contentWindow.location = to('iframe-location'); },
  'iframe-fetch': () => { const f = add('iframe', {}); return f.contentWindow.fetch(to('iframe-fetch'), { mode: 'no-cors' }); },
  'object': () => add('object', { data: to('object') }),
  'embed': () => add('embed', { src: to('embed') }),
  'video': () => add('video', { src: to('video'), preload: 'auto' }),
  'video-poster': () => add('video', { poster: to('video-poster') }),
  'audio': () => { new Audio(to('audio')).play(); },
  'track': () => html(`<video src="data:video/mp4,x"><track default src="${to('track')}"></video>`),
  'svg-image': () => html(`<svg xmlns="${svg}"><image href="${to('svg-image')}" width="9" height="9"/></svg>`),
  'svg-use': () => html(`<svg xmlns="${svg}"><use href="${to('svg-use')}#x"/></svg>`),
  'svg-feimage': () => html(`<svg xmlns="${svg}"><filter id="f"><feImage href="${to('svg-feimage')}"/></filter><rect filter="url(#f)" width="9" height="9"/></svg>`),
  'body-background': () => document.body.setAttribute('background', to('body-background')),
  'table-background': () => html(`<table background="${to('table-background')}"><tr><td>x</table>`),
  'preload': () => link('preload', 'preload', { as: 'image' }),
  'preload-fetch': () => link('preload-fetch', 'preload', { as: 'fetch', crossorigin: '' }),
  'modulepreload': () => link('modulepreload', 'modulepreload'),
  'prefetch': () => link('prefetch', 'prefetch'),
  'prerender': () => link('prerender', 'prerender'),
  'preconnect': () => link('preconnect', 'preconnect'),
  'dns-prefetch': () => link('dns-prefetch', 'dns-prefetch'),
  'manifest': () => link('manifest', 'manifest'),
  'icon': () => link('icon', 'icon'),
  'speculation': () => { add('script', { type: 'speculationrules' }).textContent = JSON.stringify({ prefetch: [{ source: 'list', urls: [to('speculation')] }] }); },
  'worker': () => new Worker(to('worker')),
  'worker-blob-fetch': () => new Worker(scriptUrl(`fetch('${to('worker-blob-fetch')}', { mode: 'no-cors' })`)),
  'worker-blob-import': () => new Worker(scriptUrl(`importScripts('${to('worker-blob-import')}')`)),
  'worker-data': () => new Worker(`data:text/javascript,fetch('${to('worker-data')}', { mode: 'no-cors' })`),
  'shared-worker': () => new SharedWorker(to('shared-worker')),
  'service-worker': () => navigator.serviceWorker.register(to('service-worker')),
  'worklet': () => CSS.paintWorklet.addModule(to('worklet')),
  'audio-worklet': () => new AudioContext().audioWorklet.addModule(to('audio-worklet')),
  'webtransport': () => new WebTransport(to('webtransport').replace('http:', 'https:')),
  'webrtc-stun': () => { const p = new RTCPeerConnection({ iceServers: [{ urls: `stun:${udp}` }] }); p.createDataChannel('x'); return p.createOffer().then((o) => p.setLocalDescription(o)); },
  'webrtc-turn-tcp': () => { const p = new RTCPeerConnection({ iceServers: [{ urls: `turn:${base.slice(7)}?transport=tcp`, username: 'u', credential: 'c' }] }); p.createDataChannel('x'); return p.createOffer().then((o) => p.setLocalDescription(o)); },
  'csp-report': () => add('meta', { 'http-equiv': 'Content-Security-Policy', content: `img-src 'none'; report-uri ${to('csp-report')}` }, document.head),
  'xslt-document': () => {
    const parse = (text) => new DOMParser().parseFromString(text, 'application/xml');
    const processor = new XSLTProcessor();
    processor.importStylesheet(parse(`<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/"><x:copy-of select="document('${to('xslt-document')}')"/></x:template></x:stylesheet>`));
    processor.transformToFragment(parse('<a/>'), document);
  },
  'xml-entity': () => new DOMParser().parseFromString(`<!DOCTYPE a SYSTEM "${to('xml-entity')}"><a/>`, 'application/xml'),
  'notification-icon': () => new Notification('x', { icon: to('notification-icon') }),
  'shadow-link': () => { add('div', {}).attachShadow({ mode: 'open' }).innerHTML = `<link rel="stylesheet" href="${to('shadow-link')}">`; },
  'template-clone': () => { const t = document.createElement('template'); t.innerHTML = `<img src="${to('template-clone')}">`; document.body.append(t.content.cloneNode(true)); },
  'document-write': () => { const d = document.implementation.createHTMLDocument(''); d.body.innerHTML = `<img src="${to('document-write')}">`; document.body.append(document.adoptNode(d.body.firstChild)); },
  'eval': () => eval(`fetch('${to('eval')}', { mode: 'no-cors' })`),
  'inline-handler': () => html(`<img src="x:" onerror="fetch('${to('inline-handler')}', { mode: 'no-cors' })">`),
  'base-element': () => { const b = add('base', { href: `${base}/` }, document.head); new Image().src = 'base-element'; b.remove(); },
};

const loud = {
  'location': () => { location.href = to('location'); },
  'location-replace': () => location.replace(to('location-replace')),
  'link': () => add('a', { href: to('link') }).click(),
  'link-ping': () => add('a', { href: '#x', ping: to('link-ping') }).click(),
  'link-blank': () => add('a', { href: to('link-blank'), target: '_blank' }).click(),
  'link-download': () => add('a', { href: to('link-download'), download: 'x' }).click(),
  'link-svg': () => { html(`<svg xmlns="${svg}"><a id="sa" href="${to('link-svg')}"><text>x</text></a></svg>`); document.getElementById('sa').dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true })); },
  'area': () => { html(`<map name="m"><area id="ar" href="${to('area')}"></map>`); document.getElementById('ar').click(); },
  'form-get': () => add('form', { action: to('form-get') }).submit(),
  'form-post': () => add('form', { action: to('form-post'), method: 'post' }).submit(),
  'form-blank': () => add('form', { action: to('form-blank'), target: '_blank' }).submit(),
  'window-open': () => window.open(to('window-open')),
  'window-open-self': () => window.open(to('window-open-self'), '_self'),
  'window-open-write': () => window.open('about:blank').document.write(`<img src="${to('window-open-write')}">`),
  'meta-refresh': () => add('meta', { 'http-equiv': 'refresh', content: `0; url=${to('meta-refresh')}` }, document.head),
  'javascript-link': () => add('a', { href: `javascript:fetch('${to('javascript-link')}', { mode: 'no-cors' })` }).click(),
  'data-page': () => { location.href = `data:text/html,<img src="${to('data-page')}">`; },
  'blob-page': () => { location.href = pageUrl('blob-page'); },
  'frame-top': () => { const f = add('iframe', {}); f.contentDocument.body.innerHTML = `<a id="t" target="_top" href="${to('frame-top')}">x</a>`; f.contentDocument.getElementById('t').click(); },
  'navigation-api': () => navigation.navigate(to('navigation-api')),
  'history': () => history.pushState({}, '', to('history')),
};
