import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * `npm run licences`: checks the licence of every installed package against the allowed licences for bundles and for
 * tools.
 */

/** Licences that only require keeping their text. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0'];
/**
 * Licences with conditions for changes of the package itself, and dedications to the public domain, which not every
 * country knows: allowed for tools, not for bundled code.
 */
const FOR_TOOLS = ['MPL-2.0', 'Unlicense'];

const packageSchema = z.object({
  version: z.string(),
  license: z.string().default('none'),
  dev: z.boolean().default(false),
});
const lockSchema = z.object({ packages: z.record(z.string(), packageSchema) });

/** True if an alternative of an OR expression, or every part of an AND expression, is allowed. */
export const isAllowed = (expression: string, allowed: readonly string[]): boolean => {
  const inner = /^\(([^()]*)\)$/.exec(expression)?.[1] ?? expression;
  if (inner.includes(' OR ')) return inner.split(' OR ').some((part) => isAllowed(part, allowed));
  if (inner.includes(' AND ')) return inner.split(' AND ').every((part) => isAllowed(part, allowed));
  return allowed.includes(inner);
};

/** The licence in the manifest of a package, or that in the lockfile if the package is not installed. */
const licenceOf = (path: string, { license }: z.infer<typeof packageSchema>): string => {
  const manifest = join(path, 'package.json');
  return existsSync(manifest) ? packageSchema.parse(JSON.parse(readFileSync(manifest, 'utf8'))).license : license;
};

const main = (): void => {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  const { '': _, ...dependencies } = packages;
  const refused = Object.entries(dependencies).flatMap(([path, locked]) => {
    const licence = licenceOf(path, locked);
    if (isAllowed(licence, locked.dev ? [...PERMISSIVE, ...FOR_TOOLS] : PERMISSIVE)) return [];
    return [`${path} ${locked.version}: ${licence}${locked.dev ? '' : ' (can be in a function)'}`];
  });
  console.log(`${Object.keys(dependencies).length} packages, ${refused.length} with a licence that is not allowed`);
  for (const line of refused) console.error(line);
  if (refused.length > 0) process.exitCode = 1;
};

if (import.meta.main) main();
