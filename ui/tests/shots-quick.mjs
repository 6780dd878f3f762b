// Pictures and accessibility of every screen: the built page, the fake host, a strict policy, both themes, two sizes.
// Usage: npm run shots [-- part-of-a-screen's-name]. Pictures go to tests/out/ui of the repository.
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SCREENS } from './screens.mjs';

const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src ipc: http://ipc.localhost";
const SIZES = [{ width: 1024, height: 640 }];
const STEP_MILLISECONDS = 8_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, '../dist');
const out = join(here, '../../tests/out/ui');

const browserPath = BROWSERS.find((path) => path && existsSync(path));
if (browserPath === undefined) {
  console.log('shots: skipped, no chromium found (apt-get install chromium, or set CHROMIUM)');
  process.exit(0);
}
if (!existsSync(join(dist, 'index.html'))) {
  console.error('shots: build first (npm run build)');
  process.exit(1);
}

const server = createServer((request, response) => {
  if (request.url === '/favicon.ico') { response.writeHead(204).end(); return; }
  const path = normalize(new URL(request.url, 'http://localhost').pathname);
  const file = join(dist, path === '/' ? 'index.html' : path);
  if (!file.startsWith(dist) || !existsSync(file)) { response.writeHead(404).end(); return; }
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY });
  response.end(readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}/`;

const { chromium } = await import('playwright-core');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
mkdirSync(out, { recursive: true });

const wanted = process.argv.slice(2);
const screens = SCREENS.filter((screen) => wanted.length === 0 || wanted.some((part) => screen.name.includes(part)));
let passed = 0;
const failures = [];

for (const theme of ['light', 'dark']) {
  for (const size of SIZES) {
    const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: 'reduce' });
    for (const screen of screens) {
      const name = `${screen.name}-${theme}-${size.width}`;
      const page = await context.newPage();
      page.setDefaultTimeout(STEP_MILLISECONDS);
      const said = [];
      page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('favicon')) said.push(message.text()); });
      page.on('pageerror', (error) => said.push(String(error)));
      try {
        await page.goto(base + (screen.query ?? ''));
        await page.waitForSelector(screen.ready ?? '[data-view-seq]');
        await screen.steps?.(page);
        await page.waitForTimeout(60);
        await page.screenshot({ path: join(out, `${name}.png`) });
        if (size.width === 1024) {
          await page.evaluate(axe);
          const result = await page.evaluate(() => globalThis.axe.run(document, { rules: { region: { enabled: false } } }));
          for (const violation of result.violations) failures.push(`${name}: axe ${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
        }
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0) failures.push(`${name}: the page is ${wide} px wider than the window`);
        for (const line of said) failures.push(`${name}: ${line}`);
        passed += 1;
      } catch (error) {
        failures.push(`${name}: ${String(error).split('\n')[0]}`);
      }
      await page.close();
    }
    await context.close();
  }
}

await browser.close();
server.close();
for (const failure of failures) console.error(failure);
console.log(`shots: ${passed} pictures in ${out}, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
