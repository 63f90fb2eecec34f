import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { escapeCell, placeSection, writeTable } from '#infra/markdown.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { ResourceType } from '#shared/connections/resource.ts';

const PAGE = 'docs/provisioning.md';

const refusalsOf = ([name, { fixed, key, references }]: readonly [string, ResourceType]): string[][] => {
  const keys = key.filter((setting) => !Object.hasOwn(references, setting)).map((setting) => `\`${setting}\``);
  return [
    ...(keys.length === 0 ? [] : [[`\`${name}\``, keys.join(', '), 'it identifies the object']]),
    ...Object.entries(fixed).map(([setting, reason]) => [`\`${name}\``, `\`${setting}\``, escapeCell(reason)]),
  ];
};

/** One row for each setting of a resource type whose change is refused. */
const table = (): string =>
  writeTable([
    ['resource', 'setting', 'reason'],
    ...Object.values(REGISTERED_TYPES.resources).flatMap((kinds) => Object.entries(kinds).flatMap(refusalsOf)),
  ]);

it('docs/provisioning.md lists every setting whose change is refused (UPDATE_PAGES=1 rewrites the list)', () => {
  const page = readFileSync(PAGE, 'utf8');
  const current = placeSection(page, { name: 'refused changes', command: 'UPDATE_PAGES=1', text: table() });
  if (process.env['UPDATE_PAGES'] !== undefined) writeFileSync(PAGE, current);
  else expect(page).toBe(current);
});
