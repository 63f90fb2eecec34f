import { readFileSync } from 'node:fs';

/** `node .ci/release-notes.ts v1.2.3`: prints the notes of a release from its section of CHANGELOG.md. */

const VERSION = /^v\d+\.\d+\.\d+$/;

/**
 * Returns the section of a version in a changelog, followed by the upgrade instructions.
 * @throws if the changelog has no such section, or an empty one: a release must have notes.
 */
export const notesOf = (changelog: string, tag: string): string => {
  if (!VERSION.test(tag)) throw new Error(`${tag} is not a version. Tag a release as v1.2.3.`);
  const version = tag.slice(1);
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((text) => text.split(/\s/, 1)[0] === version);
  const changes = section?.slice(section.indexOf('\n')).trim() ?? '';
  if (changes === '') throw new Error(`CHANGELOG.md has no section "## ${version}" with changes. Write it first.`);
  return `${changes}\n\nTo upgrade, read docs/upgrading.md, then deploy: \`npx cdk deploy -c config=relay.yaml\`.\n`;
};

if (import.meta.main) process.stdout.write(notesOf(readFileSync('CHANGELOG.md', 'utf8'), process.argv[2] ?? ''));
