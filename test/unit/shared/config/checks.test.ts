import { describe, expect, it } from 'vitest';
import { parseConfig } from '#shared/config/load.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

type Case = [behaviour: string, replacements: Record<number, string>, problem: string];

/** A second sync behind the first, complete except for its name, which is in line 21. */
const secondSync = (name: string, store = 'aws') =>
  `    schedule: { expression: rate(1 hour) }\n  second:\n    connection: vault\n    stores: [${store}]\n    name: ${name}\n    schedule: { expression: rate(1 hour) }`;

const itFinds = (cases: readonly Case[]) =>
  it.each(cases)('%s', (_behaviour, replacements, problem) => {
    expect(problemsOf(configWith(replacements))).toEqual([`relay.yaml:${problem}`]);
  });

it('a correct configuration causes no problem', () => {
  expect(problemsOf(configWith())).toEqual([]);
});

describe('references', () => {
  itFinds([
    [
      'refuses an unknown connection, and suggests the nearest one',
      { 13: '    connection: valt' },
      '13:17 syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?',
    ],
    [
      'refuses an unknown store, and lists the existing ones',
      { 14: '    stores: [azure]' },
      '14:14 syncs.fleet.stores[0]: there is no store "azure"; use "aws"',
    ],
    [
      'refuses a store that no sync uses',
      { 10: '    type: aws-secrets-manager\n  spare:\n    type: aws-secrets-manager' },
      '11:3 stores.spare: is not used by any rule; use it or remove it',
    ],
    [
      'refuses a connection that no sync uses',
      {
        7: '      bootstrapSecret: bootstrap/vault\n  spare:\n    type: password-safe\n    url: https://spare.example.com/BeyondTrust/api/public/v3\n    authentication: { type: oauth, bootstrapSecret: bootstrap/spare }',
      },
      '8:3 connections.spare: is not used by any rule; use it or remove it',
    ],
  ]);
});

describe('the name template', () => {
  const named = (name: string): Record<number, string> => ({ 15: `    name: ${name}` });
  const NO_FOLDER =
    '15:11 syncs.fleet.name: does not begin with a folder; put text and a slash before the first placeholder, such as prod/';
  itFinds([
    ['needs a folder before the first placeholder', named("'{systemName}/{accountName}'"), NO_FOLDER],
    ['needs a folder, not only some text', named('fleet-{systemName}/{accountName}'), NO_FOLDER],
    ['needs a folder with a name', named('/{systemName}/{accountName}'), NO_FOLDER],
    [
      'distinguishes accounts',
      named('fleet/{systemName}'),
      '15:11 syncs.fleet.name: gives two accounts of a system the same name; add {accountName} or {accountId}',
    ],
    [
      'distinguishes systems',
      named('fleet/{accountId}'),
      '15:11 syncs.fleet.name: gives accounts of two systems the same name; add {systemName} or {systemId}',
    ],
    [
      'contains no credential',
      named('fleet/{systemId}/{accountId}/{credential}'),
      '15:11 syncs.fleet.name: must not contain {credential}, because names are listed and logged; use it only in value',
    ],
    [
      'has only matched braces',
      named('fleet/{systemName}/{accountName'),
      '15:11 syncs.fleet.name: the "{" at character 20 is unmatched; double it to use it as text',
    ],
    [
      'contains only characters that Secrets Manager allows',
      named('fleet/my db/{{{systemName}}}/{accountName} ü'),
      '15:11 syncs.fleet.name: contains " ", "{", "}", "ü", which Secrets Manager does not allow; use letters, digits and /_+=.@- only',
    ],
    [
      'has no filter',
      named('fleet/{systemName:url}/{accountName}'),
      "15:11 syncs.fleet.name: contains {systemName:url}, but the store's encoding applies to names; write {systemName}",
    ],
    [
      'does not end like an ARN',
      named('fleet/{systemName}/{accountName}-secret'),
      '15:11 syncs.fleet.name: ends in a hyphen and six characters, like the ARN of a secret; change the ending',
    ],
    [
      'does not begin with what the store reserves',
      { 10: '    type: aws-parameter-store', ...named('aws/{systemName}/{accountName}') },
      '15:11 syncs.fleet.name: begins with aws, which AWS reserves in Parameter Store; use another folder',
    ],
  ]);

  it('reports every problem', () => {
    expect(problemsOf(configWith(named('fleet/{acountName}/{x}')))).toEqual([
      'relay.yaml:15:11 syncs.fleet.name: there is no placeholder "{acountName}"; did you mean "accountName"?',
      'relay.yaml:15:11 syncs.fleet.name: there is no placeholder "{x}"; use one of "accountName", "accountId", "systemName", "systemId", "domainName", "workgroupName"',
    ]);
  });

  it.each([
    '/fleet/{systemId}/{accountId}',
    'a/b/c-{systemName}{accountName}-x',
    'fleet/{systemName}/{accountName}-seven77',
  ])('may be %s', (name) => {
    expect(problemsOf(configWith(named(name)))).toEqual([]);
  });
});

describe('the check for colliding deliveries', () => {
  it.each([
    ['the same folder', 'fleet/{systemId}/{accountId}', 'fleet/'],
    ['a folder inside', 'fleet/db/{systemId}/{accountId}', 'fleet/db/'],
  ])('refuses two syncs with %s', (_case, name, prefix) => {
    expect(problemsOf(configWith({ 17: secondSync(name) }))).toEqual([
      `relay.yaml:21:11 syncs.second.name: begins with "${prefix}" while sync "fleet" begins with "fleet/", so each could overwrite secrets of the other; use folders that do not contain each other`,
    ]);
  });

  it('refuses two syncs with one folder even in two stores that are the same Secrets Manager', () => {
    const text = configWith({
      10: '    type: aws-secrets-manager\n  other:\n    type: aws-secrets-manager',
      17: secondSync('fleet/{systemId}/{accountId}', 'other'),
    });
    expect(problemsOf(text)).toHaveLength(1);
  });

  it('keeps each message on one line, whatever a template contains', () => {
    const text = configWith({
      15: '    name: "fl\\neet/{systemName}/{accountName}"',
      17: secondSync('"fl\\neet/{x\\ny}"'),
    });
    for (const problem of problemsOf(text)) expect(problem).toMatch(/^relay\.yaml:\d+:\d+ /);
    const overlapping = configWith({
      15: '    name: "fl\\neet/{systemName}/{accountName}"',
      17: secondSync('"fl\\neet/{systemId}/{accountId}"'),
    });
    expect(problemsOf(overlapping)).toHaveLength(3);
  });

  it('accepts two syncs with separate folders', () => {
    expect(problemsOf(configWith({ 17: secondSync('fleet2/{systemId}/{accountId}') }))).toEqual([]);
  });

  it('names one other rule for each, however many rules share a folder', () => {
    const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const syncs = names.map((name) =>
      secondSync('fleet/{systemId}/{accountId}').replace('second', name).split('\n').slice(1),
    );
    const problems = problemsOf([configWith(), ...syncs.flat()].join('\n'));
    expect(problems).toHaveLength(40);
    for (const problem of problems) expect(problem).toMatch(/ while sync "fleet" begins with "fleet\/"/);
  });

  it('finds a rule around two others in whatever order they are written', () => {
    const outer = secondSync('fleet/{systemId}/{accountId}').split('\n').slice(1);
    const inner = secondSync('fleet/b/{systemId}/{accountId}').replace('second', 'third').split('\n').slice(1);
    const text = [configWith({ 15: '    name: fleet/a/{systemId}/{accountId}' }), ...inner, ...outer].join('\n');
    expect(problemsOf(text).map((problem) => problem.replace(/, so .*/, ''))).toEqual([
      'relay.yaml:15:11 syncs.fleet.name: begins with "fleet/a/" while sync "second" begins with "fleet/"',
      'relay.yaml:21:11 syncs.third.name: begins with "fleet/b/" while sync "second" begins with "fleet/"',
    ]);
  });

  const certificate = (secret: string): string => `      clientCertificate:\n        secret: ${secret}`;

  itFinds([
    [
      'refuses a sync that could overwrite a bootstrap secret',
      { 7: '      bootstrapSecret: fleet/vault' },
      '15:11 syncs.fleet.name: begins with "fleet/" and could overwrite the bootstrap secret fleet/vault; use another folder',
    ],
    [
      'refuses a sync that could overwrite a client certificate',
      { 7: `      bootstrapSecret: bootstrap/vault\n${certificate('fleet/vault-certificate')}` },
      '17:11 syncs.fleet.name: begins with "fleet/" and could overwrite the client certificate fleet/vault-certificate; use another folder',
    ],
    [
      'refuses a client certificate in the folder of the tokens',
      { 7: `      bootstrapSecret: bootstrap/vault\n${certificate('pam-relay/pam-relay/token/vault')}` },
      '9:17 connections.vault.authentication.clientCertificate.secret: is in pam-relay/pam-relay/token/, where the relay keeps its tokens; use another folder',
    ],
    [
      "refuses a sync that could overwrite the relay's tokens",
      { 15: '    name: pam-relay/{systemName}/{accountName}' },
      `15:11 syncs.fleet.name: begins with "pam-relay/" and could overwrite the relay's tokens in pam-relay/pam-relay/token/; use another folder`,
    ],
    [
      'refuses a sync that delivers into the folder of the tokens, with the name of this relay',
      { 11: 'relay: two\nsyncs:', 15: '    name: pam-relay/two/token/x/{systemName}/{accountName}' },
      `16:11 syncs.fleet.name: begins with "pam-relay/two/token/x/" and could overwrite the relay's tokens in pam-relay/two/token/; use another folder`,
    ],
    [
      'refuses a bootstrap secret in the folder of the tokens',
      { 7: '      bootstrapSecret: pam-relay/pam-relay/token/vault' },
      '7:24 connections.vault.authentication.bootstrapSecret: is in pam-relay/pam-relay/token/, where the relay keeps its tokens; use another folder',
    ],
  ]);
});

describe('the pace', () => {
  const paced = (limits: string, sync: string): Record<number, string> => ({
    7: `      bootstrapSecret: bootstrap/vault\n    limits: { ${limits} }`,
    14: `    stores: [aws]\n${sync}`,
  });
  itFinds([
    [
      'allows each batch at least one call at a time',
      paced('inFlight: 3', '    concurrency: 4'),
      "16:18 syncs.fleet.concurrency: exceeds the connection's limits; use at most 3, or raise inFlight and perSecond",
    ],
    [
      'allows each batch at least one call per second',
      paced('perSecond: 1', '    concurrency: 2'),
      "16:18 syncs.fleet.concurrency: exceeds the connection's limits; use at most 1, or raise inFlight and perSecond",
    ],
    [
      'allows each batch to be read before its leases end',
      paced('perSecond: 1', '    concurrency: 1\n    batchSize: 250\n    requestMinutes: 8'),
      "18:21 syncs.fleet.requestMinutes: leases would end before their batch is read at the connection's perSecond; use at least 9, or a smaller batchSize",
    ],
  ]);

  it('may use the limits fully, but no more', () => {
    const text = configWith(
      paced('inFlight: 2, perSecond: 2', '    concurrency: 2\n    batchSize: 250\n    requestMinutes: 9'),
    );
    expect(problemsOf(text)).toEqual([]);
  });
});

describe('staleness', () => {
  const scheduled = (when: string, more = '') => configWith({ 17: `    schedule: { ${when} }${more}` });
  const staleHours = (when: string): number | undefined =>
    parseConfig(scheduled(when), { file: 'relay.yaml' }).syncs['fleet']?.staleAfterHours;

  it.each<[hours: number | undefined, when: string]>([
    [3, 'expression: rate(1 hour)'],
    [2, 'expression: rate(1 minute)'],
    [25, 'expression: rate(1 day), flexibleMinutes: 0'],
    [26, 'expression: rate(1440 minutes)'],
    [146, 'expression: rate(6 days)'],
    [undefined, 'expression: rate(7 days)'],
    [168, 'expression: rate(167 hours), flexibleMinutes: 0'],
    [undefined, 'expression: rate(167 hours), flexibleMinutes: 1'],
    [26, 'expression: cron(0 3 * * ? *)'],
    [27, 'expression: cron(0 3 * * ? *), timeZone: Europe/Vienna'],
    [26, 'expression: cron(0 3 * * ? *), timeZone: Etc/GMT-1'],
    [26, 'expression: cron(0 3 * * ? *), timeZone: Australia/Lord_Howe, flexibleMinutes: 0'],
    // In spring, 2:30 does not exist on one day.
    [49, 'expression: cron(30 2 * * ? *), timeZone: Europe/Vienna'],
    // In autumn, the hour after 2:00 exists twice, and the start is not repeated.
    [4, 'expression: cron(15 * * * ? *), timeZone: Europe/Vienna'],
    [3, 'expression: cron(15 * * * ? *)'],
    // The clocks change on Sundays, so the start that does not exist is never one of these.
    [75, 'expression: cron(30 2 ? * MON-FRI *), timeZone: Europe/Vienna'],
    [74, 'expression: cron(0 3 ? * 2-6 *)'],
    [64, 'expression: cron(0 8-17 ? * 2-6 *), flexibleMinutes: 0'],
    [undefined, 'expression: cron(0 3 ? * SUN *)'],
    [undefined, 'expression: cron(0 3 1 * ? *)'],
    [undefined, 'expression: cron(0 3 31 2 ? *)'],
    [undefined, 'expression: cron(0 3 * * ? 2027/2)'],
    [26, 'expression: cron(0 3 * * ? 2027-2030)'],
  ])('is %s hours by default for { %s }', (hours, when) => {
    expect(staleHours(when)).toBe(hours);
    if (hours === undefined) return;
    expect(problemsOf(scheduled(when, `\n    staleAfterHours: ${hours}`))).toEqual([]);
    const problems = problemsOf(scheduled(when, `\n    staleAfterHours: ${hours - 1}`));
    expect(problems).toEqual([
      expect.stringMatching(
        new RegExp(
          `^relay\\.yaml:18:22 syncs\\.fleet\\.staleAfterHours: would raise its alarm between two runs of .*; write staleAfterHours: ${hours}, or run more often$`,
        ),
      ),
    ]);
  });

  it('of a schedule that is rarer than any alarm can wait is a warning, and a refusal only if it is set', () => {
    const warnings: string[] = [];
    const rare = scheduled('expression: rate(7 days)');
    parseConfig(rare, { file: 'relay.yaml' }, undefined, (line) => warnings.push(line));
    const NO_ALARM =
      'an alarm sees at most the last 168 hours, and two runs of this schedule can be further apart, so there is no alarm; for one, run more often, such as rate(6 days)';
    expect(warnings).toEqual([`relay.yaml:17:15 syncs.fleet.schedule: has no alarm run-stale: ${NO_ALARM}`]);
    expect(problemsOf(`${rare}\n    staleAfterHours: 168`)).toEqual([
      `relay.yaml:18:22 syncs.fleet.staleAfterHours: must be removed: ${NO_ALARM}`,
    ]);
  });
});

describe('the shortest name of a template', () => {
  it('fits into the store', () => {
    const nameOf = (folder: string) => configWith({ 15: `    name: ${folder}/{systemName}/{accountName}` });
    expect(problemsOf(nameOf('x'.repeat(508)))).toEqual([]);
    expect(problemsOf(nameOf('x'.repeat(509)))).toEqual([
      'relay.yaml:15:11 syncs.fleet.name: makes names of at least 513 characters, and Secrets Manager allows 512; use a shorter text',
    ]);
  });

  it('has no more levels than Parameter Store allows', () => {
    const nameOf = (levels: number) =>
      configWith({
        10: '    type: aws-parameter-store',
        15: `    name: ${'a/'.repeat(levels - 2)}{systemName}/{accountName}`,
      });
    expect(problemsOf(nameOf(15))).toEqual([]);
    expect(problemsOf(nameOf(16))).toEqual([
      expect.stringContaining('would have 16 levels; Parameter Store allows 15'),
    ]);
  });
});
