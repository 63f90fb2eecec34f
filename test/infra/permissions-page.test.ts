import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { drawOverview } from '#infra/overview-picture.ts';
import { writePermissionsPage } from '#infra/permissions-page.ts';
import { FULL, loadExample } from './synthesis.ts';

const page = writePermissionsPage(loadExample(FULL));

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

it('docs/permissions.md matches the declarations of the steps; npm run diagram updates it', () => {
  expect(readFileSync('docs/permissions.md', 'utf8')).toBe(page);
});

it('the diagram in the README shows the declared steps; npm run diagram updates it', () => {
  expect(readFileSync('docs/images/overview.svg', 'utf8')).toBe(drawOverview());
});

it('the page of permissions has a row for each function, with its permissions', () => {
  const cells = rowsOf(page);
  expect(cells).toContainEqual([
    '`checkout-report`',
    '300',
    '512',
    '',
    'read `checkouts/`; write `checkouts/`; remove `open/`',
    '',
    'start rotate',
    'publish alerts; send comments',
  ]);
  expect(cells).toContainEqual([
    '`sync-retrieve`',
    '900',
    '512',
    'signs in',
    'read `runs/`, `claims/`; write `claims/`',
    'deliver, retire secrets of syncs',
    '',
    '',
  ]);
});

it('the page of permissions omits functions that a configuration does not need', () => {
  const rows = rowsOf(writePermissionsPage(loadExample('minimal.yaml')));
  expect(rows.map(([name]) => name)).toEqual([
    '`authenticate`',
    '`sync-plan`',
    '`sync-request`',
    '`sync-retrieve`',
    '`sync-checkin`',
    '`sync-report`',
    '`upkeep-reap`',
  ]);
});
