import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ENDPOINTS } from '#local/simulators/password-safe/router.ts';
import { ENDPOINTS as SECRETSAFE_ENDPOINTS } from '#local/simulators/secretsafe/router.ts';
import { ENDPOINTS as PRA_ENDPOINTS } from '#local/simulators/sra/router.ts';

const PAGE = 'docs/sandbox.md';

/** One row for each object of the API, with its calls. */
const rows = (): string[] =>
  [...Map.groupBy(ENDPOINTS, ({ template }) => template.split('/')[0] ?? '')]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([object, endpoints]) => {
      const calls = endpoints.map(({ method, template }) => `\`${method} ${template}\``);
      return `| ${object} | ${calls.join('<br>')} |`;
    });

/** One row for each path, with its methods. */
const pathRows = (all: readonly { readonly method: string; readonly template: string }[]): string[] =>
  [...Map.groupBy(all, ({ template }) => template)].map(
    ([template, endpoints]) => `| \`${template}\` | ${endpoints.map(({ method }) => method).join(', ')} |`,
  );

it.each([
  ['calls', ['| object | calls |', '| --- | --- |', ...rows()]],
  ['pra-calls', ['| path | methods |', '| --- | --- |', ...pathRows(PRA_ENDPOINTS)]],
  ['secretsafe-calls', ['| path | methods |', '| --- | --- |', ...pathRows(SECRETSAFE_ENDPOINTS)]],
])('docs/sandbox.md lists the %s of its simulators (UPDATE_PAGES=1 rewrites the list)', (name, table) => {
  const page = readFileSync(PAGE, 'utf8');
  const block = `<!-- ${name} -->\n${table.join('\n')}\n<!-- /${name} -->`;
  const current = page.replace(new RegExp(`<!-- ${name} -->[\\s\\S]*<!-- /${name} -->`), () => block);
  if (process.env['UPDATE_PAGES'] === '1') writeFileSync(PAGE, current);
  expect(readFileSync(PAGE, 'utf8')).toBe(current);
  expect(current).toContain(block);
});
