import { describe, expect, it } from 'vitest';
import { problemsOf } from '#test/unit/shared/config/support.ts';

/** A relay for a site. Tests refer to its line numbers. */
const LINES = [
  'connections:',
  '  pra: { type: sra, url: "https://pra.example.com", authentication: { bootstrapSecret: bootstrap/pra } }',
  'stores: { aws: { type: aws-secrets-manager } }',
  'syncs:',
  '  servers:',
  '    source: vault-accounts',
  '    connection: pra',
  '    stores: [aws]',
  '    select: { groups: [Servers] }',
  '    name: pra/{groupName}/{accountName}',
  '    schedule: { expression: rate(1 hour) }',
];
const problemsWith = (replacements: Readonly<Record<number, string>>, more = ''): string[] =>
  problemsOf(LINES.map((line, index) => replacements[index + 1] ?? line).join('\n') + more);

describe('a relay for a site', () => {
  it('is read', () => {
    expect(problemsWith({})).toEqual([]);
  });

  it.each<[what: string, replacements: Record<number, string>, problem: string]>([
    [
      'a sync without its source, whose other settings are judged as they were meant',
      { 6: '    # none', 9: '    select: { group: [Servers] }' },
      '5:3 syncs.servers.source: is missing; add source: vault-accounts, which connection "pra" has\nrelay.yaml:9:15 syncs.servers.select.group: is not a known key; did you mean "groups"?',
    ],
    [
      'a type of account that the site cannot check out',
      { 9: '    select: { types: [password_safe] }' },
      '9:23 syncs.servers.select.types[0]: is a type that the relay does not check out; use "username_password", ',
    ],
    [
      'a type of account that does not exist',
      { 9: '    select: { types: [windows-local] }' },
      '9:23 syncs.servers.select.types[0]: is not known; did you mean "windows_local"?',
    ],
  ])('is refused with %s', (_what, replacements, problem) => {
    expect(problemsWith(replacements).join('\n')).toContain(problem);
  });

  it.each([
    [
      'rotations',
      'monthly: { connection: pra, source: vault-accounts, select: { types: [ssh] } }',
      'credentials the site',
    ],
    [
      'checkouts',
      'changes: { connection: pra, source: vault-accounts, rotateOnCheckIn: true }',
      'must be false, or removed',
    ],
  ])('is told in %s what the site does not do', (section, rule, message) => {
    expect(problemsWith({}, `\n${section}:\n  ${rule}\n`).join('\n')).toContain(message);
  });
});
