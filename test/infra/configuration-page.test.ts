import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { placeSettings } from '#infra/configuration-page.ts';
import { buildJsonSchema } from '#shared/config/json-schema.ts';

const page = readFileSync('docs/configuration.md', 'utf8');

/** Rows of a section whose first cell has this text, without their descriptions. */
const rowsOf = (section: string, first: string): string[][] =>
  (page.split(/^### /m).find((part) => part.startsWith(`${section}\n`)) ?? '')
    .split('\n')
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -2)
        .map((cell) => cell.trim()),
    )
    .filter(([cell]) => cell === first);

const EMPTY = '<!-- begin: settings, written by npm run schema -->\n<!-- end: settings -->\n';

describe('the page of the configuration', () => {
  it('lists the settings of the schema; npm run schema updates it', () => {
    expect(page).toBe(placeSettings(page, buildJsonSchema()));
  });

  it('shows values, defaults and required settings', () => {
    expect(rowsOf('`syncs.<name>`', 'setting')).toContainEqual([
      'setting',
      'only with',
      'values',
      'required',
      'default',
    ]);
    const of = (setting: string) => rowsOf('`syncs.<name>`', `\`${setting}\``).map(([, ...cells]) => cells);
    expect(of('batchSize')).toEqual([['', '1 to 250', '', '`100`']]);
    expect(of('connection')).toEqual([['', '`^[a-z][a-z0-9-]{0,30}$`', 'yes', '']]);
    expect(of('orphans.budget')).toEqual([['`orphans.policy`: `delete`', '0 to 1,000', '', '`5`']]);
    expect(of('select.systems')).toEqual([['`source`: `accounts` or `aliases`', 'list of: text', '', '`[]`']]);
    expect(of('select').map(([condition]) => condition)).toEqual([
      '`source`: `accounts`',
      '`source`: `aliases`',
      '`source`: `pairs`',
      '`source`: `secrets-safe`',
      '`source`: `vault-accounts`',
    ]);
    expect(of('apiVersion')).toEqual([['`source`: `secrets-safe`', '`"3.0"`, `"3.1"`, `"3.2"`', '', '`"3.0"`']]);
  });

  it('has a description for every setting', () => {
    const settings = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(settings.length).toBeGreaterThan(70);
    expect(settings.filter((line) => /\| *\|$/.test(line))).toEqual([]);
  });

  it('follows the schema', () => {
    const written = placeSettings(EMPTY, {
      type: 'object',
      properties: {
        pace: { type: 'integer', minimum: 1, description: 'Calls | a second.' },
        'ways-in': {
          description: 'Ways in.',
          additionalProperties: {
            oneOf: [
              {
                type: 'object',
                properties: { type: { const: 'door', description: 'By a door.' }, key: { type: 'string' } },
              },
              { type: 'object', properties: { type: { const: 'wall', description: 'By a wall.' } } },
            ],
          },
        },
      },
    });
    const cells = written.split('\n').map((line) => line.replaceAll(/ +/g, ' '));
    expect(cells).toContain('| `pace` | 1 or more | | | Calls \\| a second. |');
    expect(cells).toContain('| `type` | | `door`, `wall` | | | `door`: By a door. `wall`: By a wall. |');
    expect(cells).toContain('| `key` | `type`: `door` | text | | | |');
  });

  it('rejects a union whose shapes cannot be distinguished', () => {
    const union = { oneOf: [{ properties: { key: { type: 'string' } } }, { properties: {} }] };
    const broken = { properties: { 'ways-in': { description: 'Ways in.', ...union } } };
    expect(() => placeSettings(EMPTY, broken)).toThrow('union without a discriminator');
  });
});
