import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sharedBundles } from '#local/bundles.ts';
import { isAllowed } from '../../.ci/licences.ts';
import packageJson from '../../package.json' with { type: 'json' };

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      dev: z.boolean().default(false),
      inBundle: z.boolean().default(false),
    }),
  ),
});
const { '': _root, ...locked } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8'))).packages;

describe('every locked package', () => {
  it('has an integrity hash, or is bundled in a package that has one', () => {
    const unverified = Object.entries(locked).filter(
      ([path, { integrity, inBundle }]) =>
        integrity?.startsWith('sha512-') !== true &&
        !(inBundle && locked[path.slice(0, path.indexOf('/node_modules/'))]?.integrity !== undefined),
    );
    expect(unverified.map(([path]) => path)).toEqual([]);
  });

  it('comes from the npm registry', () => {
    const otherSources = Object.values(locked).flatMap(({ resolved = 'https://registry.npmjs.org/' }) =>
      resolved.startsWith('https://registry.npmjs.org/') ? [] : [resolved],
    );
    expect(otherSources).toEqual([]);
  });
});

describe('the code in the functions', () => {
  let bundled: readonly string[];
  beforeAll(async () => {
    const { bundles } = await sharedBundles();
    bundled = [...new Set(bundles.flatMap(({ packages }) => packages))];
  });
  it('comes only from dependencies in package.json, and not from devDependencies', () => {
    expect(bundled).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
    const forDevelopment = bundled.filter((name) => locked[`node_modules/${name}`]?.dev !== false);
    expect(forDevelopment).toEqual([]);
  });

  it('is counted in docs/dependencies.md, and so is the rest', () => {
    const counted = [...readFileSync('docs/dependencies.md', 'utf8').matchAll(/^\| ([^|]+?) +\| +(\d+) \|/gm)];
    const ofDevelopment = Object.values(locked).filter(({ dev }) => dev).length;
    expect(Object.fromEntries(counted.map(([, what, count]) => [what, Number(count)]))).toEqual({
      'named in `dependencies`': Object.keys(packageJson.dependencies).length,
      'named in `devDependencies`': Object.keys(packageJson.devDependencies).length,
      'with code in a function': bundled.length,
      'locked for the functions': Object.keys(locked).length - ofDevelopment,
      'locked for development': ofDevelopment,
    });
  });
});

describe('a licence', () => {
  it.each([
    ['MIT', true],
    ['GPL-3.0-or-later', false],
    ['none', false],
    ['(MIT OR GPL-3.0-or-later)', true],
    ['MIT AND GPL-3.0-or-later', false],
    ['SEE LICENSE IN LICENSE', false],
  ])('of %s alone is allowed: %s', (expression, expected) => {
    expect(isAllowed(expression, ['MIT'])).toBe(expected);
  });
});
