import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

/** The one problem of a configuration, without file and position. */
const problemIn = (text: string): string => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  return (problems[0] ?? '').replace(/^relay\.yaml:\d+:\d+ /, '');
};

const QUOTE_BRACES =
  'an unquoted { or [ begins a map or a list, which ends before this text does; put the whole text in quotes, such as "{systemName}/{accountName}", and write one pattern for each alternative, such as [db-*, app-*]';
/** A placeholder as a shell writes it. */
const SHELL = '$'.concat('{systemName}');
const QUOTE_STAR = 'an unquoted * begins a YAML alias; put the text in quotes, such as "*" or "*-db"';
const SINGLE_QUOTES = String.raw`in double quotes a backslash begins an escape; use single quotes, such as 'CORP\svc-*'`;

describe('a message shows what to write instead of', () => {
  const PATTERNS = 'syncs.fleet.select.systems';
  it.each([
    ['[*]', `${PATTERNS}[0]: ${QUOTE_STAR}`],
    ['[db-*, *-db]', `${PATTERNS}[1]: ${QUOTE_STAR}`],
    ['*', `${PATTERNS}: ${QUOTE_STAR}`],
    [
      '[*db]',
      `${PATTERNS}[0]: there is no anchor &db before this alias; define it or repeat the lines, or put a pattern in quotes, such as "*db"`,
    ],
    ['[{db,app}-*]', `${PATTERNS}[0]: ${QUOTE_BRACES}`],
    [
      '[{db,app}]',
      `${PATTERNS}[0]: a map has keys without values; write a value after each colon, or one pattern for each alternative, such as [db-*, app-*]`,
    ],
    ['[{systemName}]', `${PATTERNS}[0]: text in braces without quotes is a map; put it in quotes: "{systemName}"`],
    ['db-*', `${PATTERNS}: must be a list, not text; write it as in systems: [db-*]`],
    [String.raw`["CORP\svc"]`, `${PATTERNS}[0]: ${SINGLE_QUOTES}`],
    [
      String.raw`["CORP\new"]`,
      `${PATTERNS}[0]: remove the line break or control character, which a backslash in double quotes can stand for; use single quotes, such as 'CORP\\svc-*'`,
    ],
    [
      '[@corp]',
      `${PATTERNS}[0]: text cannot begin with this character; put the whole text in quotes, such as "@corp-*"`,
    ],
    ['[7]', `${PATTERNS}[0]: must be text, not a number; put it in quotes`],
    [
      "['it's']",
      `${PATTERNS}[0].it: a comma is missing between two entries; add it, or put the whole text in quotes, such as "it's"`,
    ],
    [
      '['.repeat(1100) + ']'.repeat(1100),
      'the whole file: is nested more than 50 levels deep; close the brackets before this one, or indent it less',
    ],
  ])('systems: %s', (systems, problem) => {
    expect(problemIn(configWith({ 14: `    stores: [aws]\n    select: { systems: ${systems}, accounts: [a] }` }))).toBe(
      problem,
    );
  });

  it.each<[lines: Record<number, string>, problem: string]>([
    [{ 15: '    name: {systemName}/{accountName}' }, `syncs.fleet.name: ${QUOTE_BRACES}`],
    [
      { 15: `    name: fleet/${SHELL}/{accountId}` },
      `syncs.fleet.name: a placeholder has no dollar sign; write {systemName} instead of ${SHELL}`,
    ],
    [
      { 15: '    name: { folder: fleet }' },
      'syncs.fleet.name: must be text, not a map; write it as in name: prod/{systemName}/{accountName}',
    ],
    [
      { 15: '    name: a: b' },
      'syncs.fleet.name.a: a colon and a space begin a value; put the whole text in quotes, such as "a: b"',
    ],
    [
      { 16: '    value: {credential}' },
      'syncs.fleet.value: text in braces without quotes is a map; put it in quotes: "{credential}"',
    ],
    [
      { 16: '    value: { password: {credential} }' },
      'syncs.fleet.value.password: text in braces without quotes is a map; put it in quotes: "{credential}"',
    ],
    [
      { 14: '    stores: [aws]\n    batchSize: .nan' },
      'syncs.fleet.batchSize: must be a number, not .nan or .inf; write digits without quotes, such as 5',
    ],
    [{ 14: '    # none' }, 'syncs.fleet.stores: is missing; add stores: [aws]'],
    [
      { 14: '    stores: []' },
      'syncs.fleet.stores: names no store; write at least one entry of the section stores in the brackets',
    ],
    [{ 14: '    stores:' }, 'syncs.fleet.stores: is empty; write stores: [aws]'],
    [
      { 17: '    schedule: rate(1 hour)' },
      'syncs.fleet.schedule: must be a map, not text; write it as in schedule: { expression: rate(1 hour) }',
    ],
    [
      { 17: '    schedule: { expression: at(2027-01-01T00:00:00) }' },
      'syncs.fleet.schedule.expression: at(…) starts once, but a sync needs a schedule that repeats, such as rate(1 hour) or cron(0 3 * * ? *)',
    ],
    [
      { 17: '    schedule: { expression: cron(0 3 * * * *) }' },
      'syncs.fleet.schedule.expression: write cron(0 3 * * ? *); the fields are cron(minutes hours day-of-month month day-of-week year), and one of the two days is ?',
    ],
    [
      { 17: '    schedule: { expression: rate(1 hour), timeZone: "+02:00" }' },
      'syncs.fleet.schedule.timeZone: use a name from the IANA time zone database, such as Europe/Vienna; an offset is not a name: for a zone without daylight saving time, write Etc/GMT-2',
    ],
    [
      {
        5: '    authentication:\n      type: oauth\n      bootstrapSecret: bootstrap/vault\n    limits: &l { inFlight: 9 }',
        6: '',
        7: '',
        12: '  fleet:\n    <<: *l',
      },
      'syncs.fleet["<<"]: merge keys (<<) are not supported; write the settings themselves, or use an alias for the value of each, such as schedule: *hourly',
    ],
  ])('%j', (lines, problem) => {
    expect(problemsOf(configWith(lines)).map((each) => each.replace(/^relay\.yaml:\d+:\d+ /, ''))).toContain(problem);
  });

  it('a section that is written twice, whose entries are checked as well', () => {
    const again = [
      'stores:',
      '  spare:',
      '    type: aws-secrets-manager',
      'syncs:',
      '  second:',
      '    stores: [spare]',
    ];
    expect(problemsOf([configWith(), ...again].join('\n'))).toEqual([
      'relay.yaml:18:1 stores: "stores" is already in line 8; move the entries below it there, and remove this line',
      'relay.yaml:21:1 syncs: "syncs" is already in line 11; move the entries below it there, and remove this line',
      'relay.yaml:22:3 syncs.second.connection: is missing; add connection: vault',
      'relay.yaml:22:3 syncs.second.name: is missing; add name: prod/{systemName}/{accountName}',
      'relay.yaml:22:3 syncs.second.schedule: is missing; add schedule: { expression: rate(1 hour) }',
    ]);
  });

  it('the settings that a merge key would add, without calling them missing', () => {
    const text = configWith({
      12: '  fleet: &fleet',
      17: '    schedule: { expression: rate(1 hour) }\n  second:\n    <<: *fleet\n    name: second/{systemId}/{accountId}',
    });
    expect(problemsOf(text)).toEqual([expect.stringContaining('relay.yaml:19:5 syncs.second["<<"]: merge keys')]);
  });

  it.each<[address: string, advice: string]>([
    ['https://pam.example.com', 'https://pam.example.com/BeyondTrust/api/public/v3'],
    ['https://pam.example.com:8443/', 'https://pam.example.com:8443/BeyondTrust/api/public/v3'],
    ['https://pam.example.com/BeyondTrust', 'https://pam.example.com/BeyondTrust/api/public/v3'],
    ['https://pam.example.com/x/api/public/v3/Auth', 'https://pam.example.com/x/api/public/v3'],
    ['https://pam.example.com/x/api/public/v33', 'https://pam.example.com/BeyondTrust/api/public/v3'],
  ])('the address %s', (address, advice) => {
    expect(problemIn(configWith({ 4: `    url: ${address}` }))).toBe(
      `connections.vault.url: the path must end in /api/public/v3; write url: ${advice}`,
    );
  });

  it.each([
    'https://me@h/api/public/v3',
    'https://:@h/api/public/v3',
    'https://h/api/public/v3?',
    'https://h/api/public/v3#',
    'https://h/api/public/v3?key=1',
  ])('the address %s, without repeating it', (address) => {
    expect(problemIn(configWith({ 4: `    url: "${address}"` }))).toBe(
      'connections.vault.url: remove user, password, query and fragment from the address',
    );
  });

  it.each(['https://h/api/public/v3', 'https://h/BEYONDTRUST/API/Public/v3/'])(
    'nothing, if the address is %s',
    (address) => {
      expect(problemsOf(configWith({ 4: `    url: ${address}` }))).toEqual([]);
    },
  );
});

describe('a message proposes a line that is accepted in place of', () => {
  const inRule = (line: string): string => configWith({ 14: ['    stores: [aws]', `    ${line}`] });
  const instead =
    (replaced: number, others: Parameters<typeof configWith>[0] = {}) =>
    (line: string): string =>
      configWith({ ...others, [replaced]: line === '' ? [] : `    ${line}` });
  const inStore = (line: string): string =>
    configWith({ 10: ['    type: aws-secrets-manager', ...(line === '' ? [] : [`    ${line}`])] });
  const inKv = (...lines: string[]): string =>
    configWith({ 10: ['    type: kv-v2', '    url: https://kv.example.com', ...lines.map((line) => `    ${line}`)] });
  const inAuth = (line: string): string => inKv(`auth: { role: pam-relay, ${line} }`);
  const audience = 'audience: https://openbao.example.com';
  const auth = `auth: { role: pam-relay, ${audience} }`;
  const inFile = (line: string): string => configWith({ 8: [line, 'stores:'] });
  /** A second store, which comes first, and a sync that uses it. */
  const withTwoStores = {
    8: ['stores:', '  first:', '    type: aws-parameter-store'],
    17: [
      '    schedule: { expression: rate(1 hour) }',
      '  second:',
      '    connection: vault',
      '    stores: [first, aws]',
      '    name: second/{systemName}/{accountName}',
      '    schedule: { expression: rate(1 hour) }',
    ],
  };

  it.each<[wrong: string, textWith: (line: string) => string, message: string, line: string]>([
    ['store: aws', instead(14), 'is not a known key; write', 'stores: [aws]'],
    ['store: aws', instead(14, { 9: '  main:' }), 'is not a known key; write', 'stores: [main]'],
    ['store: aws', instead(14, withTwoStores), 'is not a known key; write', 'stores: [aws]'],
    ['stores: aws', instead(14, withTwoStores), 'must be a list, not text; write it as in', 'stores: [aws]'],
    ['', instead(14, { 9: '  main:' }), 'is missing; add', 'stores: [main]'],
    ['', instead(13, { 2: '  safe:' }), 'is missing; add', 'connection: safe'],
    ['orphans: delete', inRule, 'must be a map, not text; write it as in', 'orphans: { policy: delete }'],
    ['orphans: [delete]', inRule, 'must be a map, not a list; write it as in', 'orphans: { policy: keep }'],
    ['orphans:', inRule, 'is empty; write', 'orphans: { policy: keep }'],
    ['value:', instead(16), 'is empty; write', 'value: { password: "{credential}" }'],
    [
      'types: database',
      (line) => inRule(`select: { ${line} }`),
      'must be a list, not text; write it as in',
      'types: [database]',
    ],
    ['writesPerSecond: [40]', inStore, 'must be a number or "unlimited"; write it as in', 'writesPerSecond: 40'],
    [
      'writesPerSecond: true',
      (line) => inKv(auth, line),
      'must be a number or "unlimited"; write it as in',
      'writesPerSecond: 50',
    ],
    ['replicaRegions: eu-west-1', inStore, 'must be a list, not text; write it as in', 'replicaRegions: [eu-west-1]'],
    ['AddReplicaRegions: x', inStore, 'is not a known key; write', 'replicaRegions: [eu-west-1]'],
    ['# none', inKv, 'is missing; add', auth],
    ['auth: jwt', inKv, 'must be a map, not text; write it as in', auth],
    ['mount: jwt', inAuth, 'is missing; add', audience],
    ['bound_audiences: [https://kv]', inAuth, 'is not a known key; write', audience],
    [
      'audience: "two words"',
      inAuth,
      'contains a space, a dollar sign or a character that is not printable ASCII; write it without, as in',
      audience,
    ],
    [
      String.raw`audience: "a\u0085b"`,
      inAuth,
      'contains a space, a dollar sign or a character that is not printable ASCII; write it without, as in',
      audience,
    ],
    ['network: fixed-egress', inFile, 'must be a map, not text; write it as in', 'network: { type: fixed-egress }'],
    [
      'network: existing',
      inFile,
      'must be a map, not text; write it as in',
      'network: { type: existing, vpcId: vpc-0a1b2c3d, subnetIds: [subnet-0a1b2c3d], availabilityZones: [eu-central-1a] }',
    ],
  ])('%s', (wrong, textWith, message, line) => {
    expect(problemIn(textWith(wrong)).replace(/^.*?: /, '')).toBe(`${message} ${line}`);
    expect(problemsOf(textWith(line))).toEqual([]);
  });

  it.each<[wrong: string, textWith: (line: string) => string, meant: string]>([
    ['store: [aws]', instead(14), 'stores'],
    ['conection: vault', instead(13), 'connection'],
    ['bound_audiences: https://kv', inAuth, 'audience'],
    ['aud: https://kv', inAuth, 'audience'],
    ['ROLE_NAME: relay', (line) => inKv(`auth: { ${line}, ${audience} }`), 'role'],
    ['path: jwt', (line) => inKv(`auth: { role: relay, ${audience}, ${line} }`), 'mount'],
    ['ca_cert: ca.pem', (line) => inKv(auth, line), 'ca'],
    ['address: https://kv', (line) => configWith({ 10: ['    type: kv-v2', `    ${line}`, `    ${auth}`] }), 'url'],
    ['KmsKeyId: arn:aws:kms:eu-west-1:111122223333:key/k', inStore, 'kmsKeyArn'],
    ['RecoveryWindowInDays: 7', (line) => inRule(`orphans: { policy: delete, ${line} }`), 'recoveryDays'],
    ['DurationMinutes: 20', inRule, 'requestMinutes'],
    ['ScheduleExpression: rate(1 hour)', (line) => configWith({ 17: `    schedule: { ${line} }` }), 'expression'],
    ['Url: https://h/api/public/v3', instead(4), 'url'],
  ])('%s, by the name of the setting alone', (wrong, textWith, meant) => {
    expect(problemIn(textWith(wrong))).toContain(`: is not a known key; did you mean "${meant}"?`);
    expect(problemsOf(textWith(wrong.replace(/^\w+/, meant)))).toEqual([]);
  });

  it('a store under the wrong key, whatever the name of the store', () => {
    const anyName = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);
    fc.assert(
      fc.property(anyName, (name) => {
        const others = { 9: `  "${name}":` };
        const [, line = ''] = /; write (.*)$/.exec(problemIn(instead(14, others)('store: other'))) ?? [];
        expect(problemsOf(instead(14, others)(line))).toEqual([]);
      }),
      { numRuns: 20, examples: [['true'], ['null']] },
    );
  });
});
