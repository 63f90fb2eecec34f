import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadConfig } from '#shared/config/load.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { StoreRules, StoreType } from '#shared/stores/store.ts';

const PAGE = 'docs/stores.md';

const FENCES: Readonly<Record<StoreRules['fence'], string>> = {
  before: 'before the write',
  after: 'after the write',
  none: 'none',
};
const RECOVERIES: Readonly<Record<StoreRules['recovery'], string>> = {
  days: 'days that the rule chooses',
  fixed: 'until someone destroys it',
  none: 'none',
};
const numberOf = (number: number): string => number.toLocaleString('en');

/** Entries of the examples, for the types that have required settings. */
const EXAMPLES = new Map(
  globSync('examples/*.yaml').flatMap((path) =>
    Object.values(loadConfig(path).stores).map((settings) => [settings.type, settings] as const),
  ),
);

/** Writes that count against the quotas of a store with default settings. */
const writesOf = ([name, type]: readonly [string, StoreType]): string => {
  const settings = type.settings.safeParse(EXAMPLES.get(name) ?? { type: name });
  const pacing = settings.success ? type.pacing?.(settings.data) : undefined;
  return pacing === undefined ? 'not paced by default' : `${pacing.create} and ${pacing.replace}`;
};

const ROWS: Readonly<Record<string, (type: readonly [string, StoreType]) => string>> = {
  '`type`': ([name]) => `\`${name}\``,
  fence: ([, { rules }]) => FENCES[rules.fence],
  'values are read back': ([, { rules }]) => (rules.readable ? 'yes' : 'no'),
  recovery: ([, { rules }]) => RECOVERIES[rules.recovery],
  content: ([, { rules }]) => (rules.binary ? 'text and bytes' : 'text'),
  'largest value': ([, { rules }]) => `${numberOf(rules.valueBytes)} bytes`,
  'characters of names': ([, { rules }]) => rules.name.allowed.words,
  'longest name': ([, { rules }]) => `${numberOf(rules.name.maxLength)} characters`,
  'writes of a new and of a changed value': writesOf,
};

/** One column for each registered store. */
const table = (): string => {
  const types = Object.entries(REGISTERED_TYPES.stores).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['', ...types.map(([, { rules }]) => rules.name.store)]),
    row(['---', ...types.map(() => '---')]),
    ...Object.entries(ROWS).map(([title, cell]) => row([title, ...types.map(cell)])),
  ].join('\n');
};

it('docs/stores.md compares the registered stores (UPDATE_PAGES=1 rewrites the table)', () => {
  const page = readFileSync(PAGE, 'utf8');
  const block = `<!-- promises -->\n${table()}\n<!-- /promises -->`;
  const current = page.replace(/<!-- promises -->[\s\S]*<!-- \/promises -->/, () => block);
  if (process.env['UPDATE_PAGES'] === '1') writeFileSync(PAGE, current);
  expect(readFileSync(PAGE, 'utf8')).toBe(current);
});

it('docs/stores.md explains every fence and every recovery', () => {
  const page = readFileSync(PAGE, 'utf8').replace(/<!-- promises -->[\s\S]*<!-- \/promises -->/, '');
  for (const word of [...Object.values(FENCES), ...Object.values(RECOVERIES)]) expect(page).toMatch(`\n| ${word} `);
});
