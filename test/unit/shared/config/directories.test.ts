import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const PEOPLE =
  "  people: { type: secretsafe, url: 'https://secretsafe.example.com', authentication: { bootstrapSecret: bootstrap/safe } }";
const textWith = (rule: string): string =>
  `${configWith({ 7: `      bootstrapSecret: bootstrap/vault\n${PEOPLE}` })}\ndirectories:\n  organization: { ${rule} }\n`;
const SCHEDULE = 'schedule: { expression: rate(1 hour) }';
const MEMBERS = "members: [{ email: ' Ann@Example.com ', groups: [Staff] }]";
const OURS = `connection: people, ${SCHEDULE}, groups: [{ name: Staff }]`;
const SOURCE = 'source: { bucket: acme-people, key: members.json }';

describe('a rule for a directory', () => {
  it('has cautious defaults, and addresses in lower case', () => {
    const { directories } = parseConfig(textWith(`${OURS}, ${MEMBERS}`), { file: 'relay.yaml' });
    expect(directories['organization']).toMatchObject({
      members: [{ email: 'ann@example.com', groups: ['Staff'] }],
      removals: { maxPerDay: 10, maxPercent: 5, graceDays: 14 },
      policies: [],
    });
  });

  it.each([
    [
      'a connection that is not there',
      `${OURS.replace('people', 'peple')}, ${MEMBERS}`,
      'connection: there is no connection "peple"; did you mean "people"?',
    ],
    [
      'a vault',
      `${OURS.replace('people', 'vault')}, ${MEMBERS}`,
      'connection: "vault" is a vault, which holds no people and groups; name a directory',
    ],
    [
      'neither members nor a source',
      OURS,
      'members: is missing; write the members, or name an object in S3 under source',
    ],
    ['no person', `${OURS}, members: []`, 'members: declares no person; write at least one member, or use source'],
    ['members and a source', `${OURS}, ${MEMBERS}, ${SOURCE}`, 'source: does not go with members; remove one of them'],
    ['groups beside a source in JSON', `${OURS}, ${SOURCE}`, 'groups: does not go with a source in JSON'],
    [
      'no schedule',
      `connection: people, groups: [{ name: Staff }], ${MEMBERS}`,
      'schedule: is missing; write a schedule, or under drift one that only compares',
    ],
    [
      'messages without a schedule',
      `connection: people, groups: [{ name: Staff }], ${MEMBERS}, drift: { ${SCHEDULE} }, messages: { senders: [AROA1234567890EXAMPLE] }`,
      'messages: does not go without a schedule',
    ],
    [
      'the id of an access key as a sender',
      `${OURS}, ${MEMBERS}, messages: { senders: [AKIA1234567890EXAMPLE] }`,
      'senders[0]: is not valid; use the unique id of a role or user',
    ],
    [
      'a table as JSON',
      `connection: people, ${SCHEDULE}, ${SOURCE.replace('json', 'csv')}`,
      'source.format: is json, but the key is that of a table; write format: csv',
    ],
    [
      'a pattern as a key',
      `connection: people, ${SCHEDULE}, ${SOURCE.replace('members', 'people/*')}`,
      'source.key: is not valid; use the key of an object',
    ],
    [
      'the directory of another rule',
      `${OURS}, ${MEMBERS} }\n  second: { ${OURS}, ${MEMBERS}`,
      'connection: is to the directory of directories.organization; declare all people in one rule',
    ],
    [
      'a collection twice',
      `${OURS}, members: [{ email: a@example.com, collections: [{ collection: c, readOnly: true }, { collection: C }] }]`,
      'collections: names a collection twice',
    ],
    [
      'a group that is not declared',
      `${OURS}, ${MEMBERS.replace('Staff', 'Stuff')}`,
      'members[0].groups[0]: is not a group under groups; add it there, or correct the name',
    ],
    [
      'a person twice',
      `${OURS}, members: [{ email: a@example.com }, { email: A@example.com }]`,
      'members[1].email: is declared twice; remove one',
    ],
    [
      'a policy twice',
      `${OURS}, ${MEMBERS}, policies: [{ type: 1, enabled: true }, { type: 1, enabled: false }]`,
      'policies[1].type: is declared twice; remove one',
    ],
    [
      'rights that contradict',
      `${OURS}, members: [{ email: a@example.com, collections: [{ collection: c, manage: true, readOnly: true }] }]`,
      'manage: does not go with readOnly or hidePasswords',
    ],
  ])('is refused with line and fix if it has %s', (_what, rule, problem) => {
    const problems = problemsOf(textWith(rule)).filter((line) => line.includes('directories'));
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems[0]).toMatch(/^relay\.yaml:\d+:\d+ directories\.\w+/);
  });
});

it('a source can be an object with spaces in its key and a key of several regions', () => {
  const source =
    "source: { bucket: acme-people, key: HR export/day=1/members.json, kmsKey: 'arn:aws:kms:eu-central-1:111122223333:key/mrk-0a1b2c3d' }";
  expect(problemsOf(textWith(`connection: people, ${SCHEDULE}, ${source}`))).toEqual([]);
});

it.each([
  ['identityUrl', 'https://identity.example.com/connect/token/', 'write the address without /connect/token'],
  ['apiUrl', 'https://api.example.com/public', 'write the address without /public'],
])('%s has no path that the relay adds itself', (field, address, problem) => {
  const text = textWith(`${OURS}, ${MEMBERS}`).replace(
    'type: secretsafe,',
    `type: secretsafe, ${field}: '${address}',`,
  );
  expect(problemsOf(text)).toEqual([expect.stringContaining(`connections.people.${field}: ${problem}`)]);
});

it('a sync over a directory with a blueprint is the only problem', () => {
  const blueprint =
    "provisioning:\n  joiners: { connection: people, resources: { person: { type: secretsafe-member, email: 'ann@example.com' } } }";
  const text = textWith(`${OURS}, ${MEMBERS}`).replace('    connection: vault', '    connection: people');
  expect(problemsOf(`${text}${blueprint}\n`).filter((line) => !line.includes('vault: is not used'))).toEqual([
    expect.stringMatching(/syncs\.fleet\.connection: "people" is a directory/),
  ]);
});
