import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ENDPOINTS } from '#local/simulators/password-safe/router.ts';

const PAGE = 'docs/sandbox.md';

/** One row for each object of the API, with its calls. */
const rows = (): string[] =>
  [...Map.groupBy(ENDPOINTS, ({ template }) => template.split('/')[0] ?? '')]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([object, endpoints]) => {
      const calls = endpoints.map(({ method, template }) => `\`${method} ${template}\``);
      return `| ${object} | ${calls.join('<br>')} |`;
    });

it('docs/sandbox.md lists the calls of the simulator (UPDATE_PAGES=1 rewrites the list)', () => {
  const page = readFileSync(PAGE, 'utf8');
  const block = `<!-- calls -->\n${['| object | calls |', '| --- | --- |', ...rows()].join('\n')}\n<!-- /calls -->`;
  const current = page.replace(/<!-- calls -->[\s\S]*<!-- \/calls -->/, () => block);
  if (process.env['UPDATE_PAGES'] === '1') writeFileSync(PAGE, current);
  expect(readFileSync(PAGE, 'utf8')).toBe(current);
  expect(current).toContain(block);
});
