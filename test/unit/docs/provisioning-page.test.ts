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

/** The settings of every resource type that no message may choose. */
const literals = (): string =>
  writeTable([
    ['resource', 'settings'],
    ...Object.values(REGISTERED_TYPES.resources).flatMap((kinds) =>
      Object.entries(kinds)
        .map(([name, { literal, references }]) => ({ name, settings: [...Object.keys(references), ...literal({})] }))
        .filter(({ settings }) => settings.length > 0)
        .map(({ name, settings }) => [`\`${name}\``, settings.map((setting) => `\`${setting}\``).join(', ')]),
    ),
  ]);

const expectCurrent = (name: string, text: string): void => {
  const page = readFileSync(PAGE, 'utf8');
  const current = placeSection(page, { name, command: 'UPDATE_PAGES=1', text });
  if (process.env['UPDATE_PAGES'] !== undefined) writeFileSync(PAGE, current);
  else expect(page).toBe(current);
};

it('docs/provisioning.md lists every setting whose change is refused (UPDATE_PAGES=1 rewrites the list)', () => {
  expectCurrent('refused changes', table());
});

it('docs/provisioning.md lists every setting that no message may choose (UPDATE_PAGES=1 rewrites the list)', () => {
  expectCurrent('settings without placeholders', literals());
});
