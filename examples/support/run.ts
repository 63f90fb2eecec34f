import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageError } from '#local/arguments.ts';
import { ALL_EXAMPLES } from './all.ts';
import { PAGE, renderPage } from './page.ts';
import { show } from './show.ts';
import { type Example, type Performance, perform } from './stage.ts';

/** `npm run examples`: runs all examples or the named ones. `--write` writes their results to the page. */

const chosen = (names: readonly string[]): readonly Example[] => {
  const examples = ALL_EXAMPLES.filter(({ name }) => names.length === 0 || names.includes(name));
  if (examples.length >= names.length && examples.length > 0) return examples;
  throw new UsageError(`The examples are ${ALL_EXAMPLES.map(({ name }) => name).join(', ')}.`);
};

/** Writes the page if requested. Returns a sentence if the page is outdated. */
const updatePage = (performances: readonly Performance[], write: boolean): string[] => {
  const page = renderPage(performances);
  if (write) writeFileSync(PAGE, page);
  return readFileSync(PAGE, 'utf8') === page ? [] : [`${PAGE} is outdated. Update it: npm run examples -- --write`];
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean' } } });
  const { performances, broken } = await perform(chosen(positionals), (line) => console.error(line));
  for (const performance of performances) console.log(show(performance));

  const failed = performances.some((performance) => performance.broken.length > 0);
  const isPageDue = positionals.length === 0 && !failed;
  const sentences = [...broken, ...(isPageDue ? updatePage(performances, values.write === true) : [])];
  for (const sentence of sentences) console.error(`Broken: ${sentence}`);
  if (failed || sentences.length > 0) process.exitCode = 1;
};

try {
  await main();
} catch (thrown) {
  if (!(thrown instanceof UsageError)) throw thrown;
  console.error(thrown.message);
  process.exitCode = 1;
}
