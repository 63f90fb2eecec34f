import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildJsonSchema } from '#shared/config/json-schema.ts';
import { loadConfig, parseConfig } from '#shared/config/load.ts';
import { CA_PEM } from '#test/unit/shared/config/support.ts';

const EXAMPLES = new URL('../../../../examples/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, EXAMPLES), 'utf8');
const parse = (text: string) => parseConfig(text, { file: 'relay.yaml', readFile: () => CA_PEM });

/** Names of all settings in a JSON schema, at any depth. */
const settingsOf = (schema: unknown): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, inner]) => [
    ...(key === 'properties' ? Object.keys(inner) : []),
    ...settingsOf(inner),
  ]);
};

describe('the examples', () => {
  const names = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));

  it('exist', () => {
    expect(names).toEqual(expect.arrayContaining(['api-key.yaml', 'full.yaml', 'local.yaml', 'minimal.yaml']));
  });

  it.each(names)('%s is valid as it stands, with the files that it names, and names the schema for editors', (name) => {
    const { syncs, checkouts, provisioning } = loadConfig(fileURLToPath(new URL(name, EXAMPLES)));
    expect({ ...syncs, ...checkouts, ...provisioning }).not.toEqual({});
    expect(read(name)).toMatch(/^# yaml-language-server: \$schema=\.\.\/relay\.schema\.json\n/);
  });

  it('full.yaml states the defaults correctly', () => {
    const withoutDefaults = read('full.yaml')
      .replaceAll(/^.*# default(;.*)?\n/gm, '')
      .replaceAll(/^ *(limits|reap|resweep):\n/gm, ''); // They contained nothing else.
    expect(parse(withoutDefaults)).toEqual(parse(read('full.yaml')));
  });

  it('full.yaml shows every setting', () => {
    const text = read('full.yaml');
    expect(settingsOf(buildJsonSchema()).filter((setting) => !text.includes(`${setting}:`))).toEqual([]);
  });
});
