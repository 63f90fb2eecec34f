import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import chromium from '@sparticuz/chromium';
import puppeteer from 'puppeteer-core';

/** Opens a page in a real browser, in light and in dark, and prints what it does as one line of JSON. */
const [page = '', screenshot = ''] = process.argv.slice(2);
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const axeSource = readFileSync(axe, 'utf8');

const browser = await puppeteer.launch({
  args: chromium.args,
  executablePath: await chromium.executablePath(),
  headless: 'shell',
});
try {
  const url = pathToFileURL(page).href;
  const tab = await browser.newPage();
  await tab.setViewport({ width: 1000, height: 720 });
  const requests = [];
  const dialogs = [];
  tab.on('request', (request) => requests.push(request.url()));
  tab.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  const violations = [];
  for (const scheme of ['dark', 'light']) {
    await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await tab.goto(url, { waitUntil: 'networkidle0' });
    // As an injected script would come: the page's policy has to block it. The debugger is not bound by the policy.
    await tab.addScriptTag({ content: 'globalThis.executed = true' }).catch(() => {});
    await tab.evaluate(axeSource);
    const { violations: found } = await tab.evaluate(() => globalThis.axe.run());
    violations.push(...found.map(({ id, nodes }) => `${scheme}: ${id}: ${nodes[0]?.html}`));
  }
  const { executed, elements, text } = await tab.evaluate(() => ({
    executed: globalThis.executed === true,
    elements: [...new Set([...document.querySelectorAll('*')].map(({ localName }) => localName))].sort(),
    text: document.body.innerText,
  }));
  if (screenshot !== '') await tab.screenshot({ path: screenshot });
  const elsewhere = requests.filter((request) => request !== url);
  const title = await tab.title();
  process.stdout.write(JSON.stringify({ elsewhere, dialogs, executed, elements, violations, title, text }));
} finally {
  await browser.close();
}
