import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** `npm run licences`: holds the licence of every installed package against what may be shipped, and what used here. */

/** Ask for no more than that their text is kept. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0'];
/** Binds changes of the package itself: fine for a tool that stays here, and not for what is in a bundle. */
const FOR_TOOLS = ['MPL-2.0'];

const packageSchema = z.object({
  version: z.string(),
  license: z.string().default('none'),
  dev: z.boolean().default(false),
});
const lockSchema = z.object({ packages: z.record(z.string(), packageSchema) });

/** Whether one of the licences to choose from, or all that hold together, is among the allowed. */
export const isAllowed = (expression: string, allowed: readonly string[]): boolean => {
  const inner = /^\(([^()]*)\)$/.exec(expression)?.[1] ?? expression;
  if (inner.includes(' OR ')) return inner.split(' OR ').some((part) => isAllowed(part, allowed));
  if (inner.includes(' AND ')) return inner.split(' AND ').every((part) => isAllowed(part, allowed));
  return allowed.includes(inner);
};

/** What a package says of itself; the lockfile repeats what the registry says, and has to do where it is not installed. */
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
    return [`${path} ${locked.version}: ${licence}${locked.dev ? '' : ' (may be in a function)'}`];
  });
  console.log(`${Object.keys(dependencies).length} packages, ${refused.length} under a licence that is not allowed`);
  for (const line of refused) console.error(line);
  if (refused.length > 0) process.exitCode = 1;
};

if (import.meta.main) main();
