/**
 * A fresh process that imports a bundle and says how long that took. Plain JavaScript, because stripping types would warm
 * up, and weigh down, what is measured.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2];
const load = (file) => import(pathToFileURL(join(folder, file)).href);

const startedAt = performance.now();
await load('index.mjs');
const importedAt = performance.now();
// What is imported at once is there already; the rest are the chunks that the first call may ask for.
for (const chunk of readdirSync(folder).filter((file) => file.startsWith('chunk-'))) await load(chunk);
console.log(JSON.stringify({ importMs: importedAt - startedAt, lateMs: performance.now() - importedAt }));
