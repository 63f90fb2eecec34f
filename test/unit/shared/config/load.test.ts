import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseShape } from '#shared/config/issues.ts';
import { loadConfig, parseConfig } from '#shared/config/load.ts';
import { RelayError } from '#shared/errors.ts';
import { CA_PEM, configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const TAG =
  'an unquoted ! begins a YAML tag, and tags are not supported; put the whole text in quotes, such as "!db-test-*"';

const URL_LINE = '    url: https://pam.example.com/BeyondTrust/api/public/v3';

const NAME_RULE = 'use 1 to 31 lower-case letters, digits and hyphens, beginning with a letter';

describe('the YAML', () => {
  it('reads anchors and aliases', () => {
    const text = configWith({
      17: '    schedule: &hourly { expression: rate(1 hour) }\n    verify: *hourly',
    });
    expect(parseConfig(text, { file: 'relay.yaml' }).syncs['fleet']?.verify?.expression).toBe('rate(1 hour)');
  });

  it.each([
    ['an empty file', '', 'relay.yaml:1:1 the whole file: is empty; write a map here'],
    [
      'a file that is a list',
      '- a',
      'relay.yaml:1:1 the whole file: must be a map, not a list; write pairs of key: value',
    ],
    [
      'a key that is used twice',
      configWith({ 14: '    stores: [aws]\n    stores: [aws]' }),
      'relay.yaml:15:5 syncs.fleet.stores: "stores" is already in line 14; remove one of them',
    ],
    [
      'a second document',
      `${configWith()}\n---\nrelay: two`,
      'relay.yaml:18:1 syncs.fleet.schedule.expression: a second document begins here; keep one document in the file, and remove the line ---',
    ],
    [
      'an alias without an anchor',
      configWith({ 13: '    connection: *vault' }),
      'relay.yaml:13:17 syncs.fleet.connection: there is no anchor &vault before this alias; define it or repeat the lines, or put a pattern in quotes, such as "*vault"',
    ],
    [
      'a tab as indentation',
      configWith({ 14: '\tstores: [aws]' }),
      'relay.yaml:14:1 stores: a tab is used for indentation; use spaces',
    ],
    [
      'a bracket that is not closed',
      configWith({ 17: '    schedule: { expression: rate(1 hour)' }),
      'relay.yaml:17:41 syncs.fleet.schedule.expression: a { is not closed; close it with }, or indent its lines more than the key',
    ],
  ])('refuses %s', (_case, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it.each([
    ['without a name', '! db-test-*'],
    ['with one', '!not db-test-*'],
    ['that the parser knows', '!!str db-test-*'],
    ['that is spelled in full', '!<tag:yaml.org,2002:str> db-test-*'],
    ['without a value', '!db-test-*'],
    ['that no directive defines', '!e!db test'],
    ['that changes the type of the value', '!!int 7'],
  ])('refuses a tag %s, which looks like an exclusion: %s', (_what, entry) => {
    expect(problemsOf(configWith({ 14: `    stores: [aws]\n    select: { systems: [db-*, ${entry}] }` }))).toEqual([
      `relay.yaml:15:31 syncs.fleet.select.systems[1]: ${TAG}`,
    ]);
  });

  it('refuses tags on keys, lists and maps, each at its position', () => {
    const text = configWith({
      12: '  !a fleet: !!map',
      14: '    stores: [! aws]\n    select: !!map { systems: !!seq [ !b db-* ], !!str accounts: [sa] }',
      16: '    value: !!omap\n      - a: !c "{credential}"',
      17: '    schedule: &now !d\n      expression: !e |-\n        rate(1 !hour) # !f',
    });
    expect(problemsOf(text).map((problem) => problem.replace(/ .*?: /, ' '))).toEqual(
      ['12:3', '12:13', '14:14', '15:13', '15:30', '15:38', '15:49', '17:12', '18:12', '19:20', '20:19'].map(
        (place) => `relay.yaml:${place} ${TAG}`,
      ),
    );
  });

  it('does not treat quoted text, or text without a leading !, as a tag', () => {
    const text = configWith({
      14: `    stores: [aws]\n    select: { systems: ["!db-*", '! x', db!x, "! !"], accounts: [a !b] } # ! c`,
      16: "    value: { '!k': '{credential} !x' }",
    });
    expect(parseConfig(text, { file: 'relay.yaml' }).syncs['fleet']).toMatchObject({
      select: { systems: ['!db-*', '! x', 'db!x', '! !'], accounts: ['a !b'] },
      value: { '!k': '{credential} !x' },
    });
  });

  it.each([
    ['for another version', '%YAML 1.1\n---\n', ['1:1 the whole file: a line that begins with % is a YAML directive']],
    [
      'for tag prefixes and for unknown settings',
      '%TAG ! tag:example.com,2026:\n%OTHER x\n---\n',
      ['1:1 the whole file: a line that begins with %', '2:1 the whole file: a line that begins with %'],
    ],
  ])('refuses directives %s', (_what, before, problems) => {
    expect(problemsOf(before + configWith())).toEqual(
      problems.map((problem) => expect.stringContaining(`relay.yaml:${problem}`)),
    );
    expect(problemsOf(`%YAML 1.2\n---\n${configWith()}`)).toEqual([]);
  });

  it('reports warnings of the YAML parser as problems, and continues with the rest', () => {
    const text = configWith({
      8: 'stores: &a:\n',
      13: '    connection: valt',
      17: '    schedule: { expression: rate(1 hour), timeZone: &zone: UTC }',
    });
    expect(problemsOf(text)).toEqual([
      'relay.yaml:8:11 stores: the name of an anchor ends in a colon; remove the colon',
      'relay.yaml:14:17 syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?',
      'relay.yaml:18:58 syncs.fleet.schedule.timeZone: the name of an anchor ends in a colon; remove the colon',
    ]);
  });

  it.each([
    ['a placeholder', '{accountName}'],
    ['a list', '[a, b]'],
  ])('refuses %s without quotes as a key', (_what, key) => {
    expect(problemsOf(configWith({ 16: `    value: { ${key}: '{credential}' }` }))).toEqual([
      'relay.yaml:16:14 syncs.fleet.value: a list or a map is used as a key, which must be text; put it in quotes, such as "{accountName}"',
    ]);
  });

  it('keeps a key as it is written', () => {
    const text = configWith({ 16: "    value: { 007: '{credential}', yes: a, 0x1F: b }" });
    expect(parseConfig(text, { file: 'relay.yaml' }).syncs['fleet']?.value).toEqual({
      '007': '{credential}',
      yes: 'a',
      '0x1F': 'b',
    });
  });

  it('refuses aliases that multiply without limit', () => {
    const bomb = [
      'a: &a [x, x]',
      ...[...'bcdefghijk'].map((key, index) => {
        const before = 'abcdefghijk'.charAt(index);
        return `${key}: &${key} [*${before}, *${before}, *${before}, *${before}]`;
      }),
    ];
    expect(problemsOf(bomb.join('\n'))).toEqual([
      'relay.yaml:9:7 i: the aliases expand too far; repeat the lines instead',
    ]);
  });

  it('refuses an alias inside its own anchor, which would never end', () => {
    expect(problemsOf(configWith({ 12: '  fleet: &fleet\n    verify: *fleet' }))).toEqual([
      'relay.yaml:13:13 syncs.fleet.verify: the alias *fleet is inside of its own anchor; repeat the lines instead',
    ]);
  });

  it('continues with the rest after a duplicate key', () => {
    expect(problemsOf(configWith({ 13: '    connection: valt', 14: '    stores: [aws]\n    stores: [aws]' }))).toEqual([
      'relay.yaml:13:17 syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?',
      'relay.yaml:15:5 syncs.fleet.stores: "stores" is already in line 14; remove one of them',
    ]);
  });
});

describe('the structure', () => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'finds no type, source or entry by the name %s, which every object has',
    (name) => {
      const problems = problemsOf(
        configWith({ 3: `    type: ${name}`, 10: `    type: ${name}`, 12: `  fleet:\n    source: ${name}` }),
      );
      expect(problems.map((problem) => problem.replace(/; .*/, ''))).toEqual([
        'relay.yaml:3:11 connections.vault.type: is not known',
        'relay.yaml:10:11 stores.aws.type: is not known',
        'relay.yaml:13:13 syncs.fleet.source: is not known',
      ]);
      const references = problemsOf(configWith({ 13: `    connection: ${name}`, 14: `    stores: [${name}]` }));
      for (const problem of references) expect(problem).toMatch(/there is no (connection|store) "|use 1 to 31/);
      expect(references).toHaveLength(2);
    },
  );

  it('accepts an entry of that name', () => {
    const text = configWith({ 2: '  constructor:', 12: '  valueof:', 13: '    connection: constructor' });
    expect(problemsOf(text)).toEqual([]);
  });

  it('never uses the wording of a validator', () => {
    const shape = z.object({
      form: z.string().regex(/x/),
      time: z.iso.datetime(),
      judged: z.string().refine(() => false),
      even: z.int().multipleOf(2),
      kind: z.discriminatedUnion('type', [z.object({ type: z.literal('a') })]),
      never: z.never(),
    });
    const value = { form: 'a', time: 'a', judged: 'a', even: 3, kind: {}, never: 'a' };
    expect(parseShape(shape, value).problems.map(({ message }) => message)).toEqual([
      'is not valid; use another format',
      'is not valid; use another format',
      'is not valid; use another value',
      'use another value',
      'is missing; write "a"',
      'must be another type, not text; use another value',
    ]);
  });

  it.each<[string, Record<number, string>, string]>([
    [
      'a missing key, at the parent key',
      { 14: '    # none' },
      '12:3 syncs.fleet.stores: is missing; add stores: [aws]',
    ],
    [
      'a missing type',
      { 3: '    # none' },
      '2:3 connections.vault.type: is missing; write one of "password-safe", "secretsafe", "sra"',
    ],
    [
      'a number in quotes where a word is the alternative',
      { 10: '    type: aws-secrets-manager\n    writesPerSecond: "40"' },
      '11:22 stores.aws.writesPerSecond: is not known; use "unlimited", or a number without quotes',
    ],
    [
      'a misspelled type',
      { 6: '      type: oath' },
      '6:13 connections.vault.authentication.type: is not known; did you mean "oauth"?',
    ],
    [
      'an unknown type',
      { 6: '      type: kerberos' },
      '6:13 connections.vault.authentication.type: is not known; use one of "oauth", "api-key"',
    ],
    [
      'a misspelled key',
      { 14: '    stores: [aws]\n    requestMinuets: 5' },
      '15:5 syncs.fleet.requestMinuets: is not a known key; did you mean "requestMinutes"?',
    ],
    [
      'the beginning of a known key',
      { 14: '    stores: [aws]\n    request: 5' },
      '15:5 syncs.fleet.request: is not a known key; did you mean "requestMinutes"?',
    ],
    [
      'a signature whose algorithm is not public',
      { 7: '      bootstrapSecret: bootstrap/vault\n      psrunSecret: bootstrap/psrun' },
      "8:7 connections.vault.authentication.psrunSecret: is not supported: the algorithm of the PSRUN signature is not public. Use an API registration that does not verify it, and restrict that registration to the relay's address and a client certificate",
    ],
    [
      'an unknown key',
      { 17: '    schedule: { expression: rate(1 hour), 7: x }' },
      '17:43 syncs.fleet.schedule.7: is not a known key; use one of "expression", "timeZone", "flexibleMinutes"',
    ],
    [
      'a key with a line break',
      { 8: '"a\\nb": 1\nstores:' },
      '8:1 ["a\\nb"]: is not a known key; use one of "relay", "connections", "stores", "syncs", "checkouts", "rotations", "oldCheckouts", "exports", "provisioning", "directories", "webhooks", "ticketSystems", "webhookDomain", "intake", "reap", "alerts", "logRetentionDays", "network"',
    ],
    [
      'a source that is a list',
      { 14: '    stores: [aws]\n    source: [accounts]' },
      '15:13 syncs.fleet.source: must be one of "accounts", "aliases", "pairs", "secrets-safe", "vault-accounts"',
    ],
    [
      'text where a number belongs',
      { 14: '    stores: [aws]\n    batchSize: many' },
      '15:16 syncs.fleet.batchSize: must be a number, not text; write digits without quotes, such as 5',
    ],
    [
      'a fraction where a whole number belongs',
      { 14: '    stores: [aws]\n    batchSize: 1.5' },
      '15:16 syncs.fleet.batchSize: must be a whole number, not a number; write digits only, such as 5',
    ],
    [
      'a number that is too small',
      { 14: '    stores: [aws]\n    batchSize: 0' },
      '15:16 syncs.fleet.batchSize: must be at least 1',
    ],
    [
      'a number that is too large',
      { 14: '    stores: [aws]\n    batchSize: 251' },
      '15:16 syncs.fleet.batchSize: must be at most 250',
    ],
    [
      'a number that is not in the list',
      { 8: 'logRetentionDays: 8\nstores:' },
      '8:19 logRetentionDays: must be one of 7, 14, 30, 90, 180, 365, 731',
    ],
    [
      'a word that is not in the list',
      { 14: '    stores: [aws]\n    select: { types: [system, databse] }' },
      '15:31 syncs.fleet.select.types[1]: is not known; did you mean "database"?',
    ],
    [
      'a list that is text',
      { 14: '    stores: [aws]\n    select: { systems: db-* }' },
      '15:24 syncs.fleet.select.systems: must be a list, not text; write it as in systems: [db-*]',
    ],
    ['empty text', { 15: "    name: ''" }, '15:11 syncs.fleet.name: is empty; add a value or remove the key'],
    ['an empty section', { 8: 'reap:\nstores:' }, '8:1 reap: is empty; write a map here'],
    [
      'a value that is neither text nor a map',
      { 16: '    value: [1]' },
      '16:12 syncs.fleet.value: must be text or a map; write it as in value: { password: "{credential}" }',
    ],
    ['an invalid name', { 8: 'relay: My Relay\nstores:' }, `8:8 relay: is not valid; ${NAME_RULE}`],
    [
      'an invalid expression',
      { 17: '    schedule: { expression: hourly }' },
      '17:29 syncs.fleet.schedule.expression: write an EventBridge Scheduler expression, such as rate(1 hour) or cron(0 3 * * ? *)',
    ],
    [
      'an invalid time zone',
      { 17: '    schedule: { expression: rate(1 hour), timeZone: Mars }' },
      '17:53 syncs.fleet.schedule.timeZone: use a name from the IANA time zone database, such as Europe/Vienna',
    ],
    [
      'an address without TLS',
      { 4: '    url: http://pam.example.com' },
      '4:10 connections.vault.url: is not valid; use the https address of the public API, such as https://pam.example.com/BeyondTrust/api/public/v3',
    ],
    [
      'an address with a password',
      { 4: '    url: https://me:hunter2@pam.example.com' },
      '4:10 connections.vault.url: remove user, password, query and fragment from the address',
    ],
    [
      'an ARN as bootstrap secret',
      { 7: '      bootstrapSecret: arn:aws:secretsmanager:x' },
      '7:24 connections.vault.authentication.bootstrapSecret: is not valid; use the name of a Secrets Manager secret, not its ARN and never the value',
    ],
    [
      'a KMS key that is not an ARN',
      { 10: '    type: aws-secrets-manager\n    kmsKeyArn: alias/x' },
      '11:16 stores.aws.kmsKeyArn: is not valid; use the full ARN of a KMS key',
    ],
    [
      'an invalid e-mail address',
      { 8: 'alerts: { emails: [me] }\nstores:' },
      '8:20 alerts.emails[0]: is not valid; use an e-mail address',
    ],
    [
      'an invalid range',
      { 8: 'network: { type: fixed-egress, cidr: 10.0.0.0/99 }\nstores:' },
      '8:38 network.cidr: is not valid; use an IPv4 range, such as 10.87.0.0/24',
    ],
    [
      'subnets without zones',
      {
        8: 'network: { type: existing, vpcId: vpc-1, subnetIds: [subnet-1, subnet-2], availabilityZones: [a] }\nstores:',
      },
      '8:94 network.availabilityZones: write one availability zone for each subnet, in the same order',
    ],
    [
      'a list without entries',
      { 8: 'network: { type: existing, vpcId: vpc-1, subnetIds: [subnet-1], availabilityZones: [] }\nstores:' },
      '8:84 network.availabilityZones: must have at least 1 entry',
    ],
  ])('refuses %s', (_case, replacements, problem) => {
    expect(problemsOf(configWith(replacements))[0]).toBe(`relay.yaml:${problem}`);
  });

  it('refuses the name of an entry, at its position', () => {
    expect(problemsOf(configWith({ 9: '  AWS:', 14: '    stores: [AWS]' }))).toEqual([
      `relay.yaml:9:3 stores.AWS: is not valid; ${NAME_RULE}`,
      `relay.yaml:14:14 syncs.fleet.stores[0]: is not valid; ${NAME_RULE}`,
    ]);
  });

  it('requires at least one sync', () => {
    expect(problemsOf(configWith({ 11: 'syncs: {}' }).split('\n').slice(0, 11).join('\n'))).toEqual([
      'relay.yaml:11:8 syncs: is missing or empty; write at least one sync, or one entry under checkouts, rotations, oldCheckouts, exports, provisioning or directories',
    ]);
  });

  it('points into the anchor if the value of an alias is wrong', () => {
    const text = configWith({ 17: '    schedule: &s { expression: hourly }\n    verify: *s' });
    expect(problemsOf(text).map((problem) => problem.split(' ').slice(0, 2).join(' '))).toEqual([
      'relay.yaml:17:32 syncs.fleet.schedule.expression:',
      'relay.yaml:17:32 syncs.fleet.verify.expression:',
    ]);
  });

  it('never repeats a value, which may be a misplaced credential', () => {
    const text = configWith({
      4: '    url: canary-value',
      7: '      bootstrapSecret: "canary-value of {the} vault"',
      10: '    type: canary-value',
      14: '    store: canary-value\n    orphans: canary-value\n    DurationMinutes: canary-value',
      17: '    schedule: { expression: canary-value, timeZone: canary-value }',
    });
    expect(problemsOf(text)).toHaveLength(8);
    expect(problemsOf(text).join('\n')).not.toContain('canary');
  });
});

describe('all problems together', () => {
  it('are listed for syntax, structure, checks and files, in the order of the file', () => {
    const text = configWith({
      4: `${URL_LINE}\n    ca: nowhere.pem`,
      10: '    type: aws-secrets-manager\n  aws:\n    type: aws-secrets-manager',
      11: 'syncs:\n  broken:\n    stores: [aws]',
      13: '    connection: valt',
      15: '    name: fleet/{systemName}',
    });
    const readFile = () => {
      throw new Error('ENOENT');
    };
    expect(problemsOf(text, readFile)).toEqual([
      `relay.yaml:5:9 connections.vault.ca: the file ${join(process.cwd(), 'nowhere.pem')} cannot be read; put the CA there or correct the path`,
      'relay.yaml:12:3 stores.aws: "aws" is already in line 10; move the entries below it there, and remove this line',
      'relay.yaml:15:3 syncs.broken.connection: is missing; add connection: vault',
      'relay.yaml:15:3 syncs.broken.name: is missing; add name: prod/{systemName}/{accountName}',
      'relay.yaml:15:3 syncs.broken.schedule: is missing; add schedule: { expression: rate(1 hour) }',
      'relay.yaml:18:17 syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?',
      'relay.yaml:20:11 syncs.fleet.name: gives two accounts of a system the same name; add {accountName} or {accountId}',
    ]);
  });

  it('blame no sync for a connection that exists but is invalid', () => {
    expect(problemsOf(configWith({ 4: '    # no address' }))).toEqual([
      'relay.yaml:2:3 connections.vault.url: is missing; add url: https://pam.example.com/BeyondTrust/api/public/v3',
    ]);
  });

  it('do not include an unused connection that an invalid sync may use', () => {
    const text = configWith({
      10: '    type: aws-secrets-manager\n  spare:\n    type: aws-secrets-manager',
      11: 'syncs:\n  broken:\n    connection: vault\n    stores: [spare]',
    });
    expect(problemsOf(text).map((problem) => problem.split(': ')[0])).toEqual([
      'relay.yaml:14:3 syncs.broken.name',
      'relay.yaml:14:3 syncs.broken.schedule',
    ]);
  });

  it('blame no sync for a missing section', () => {
    expect(problemsOf(configWith().split('\n').slice(7).join('\n'))).toEqual([
      'relay.yaml:1:1 connections: is missing; add it (a map)',
    ]);
  });
});

describe('the CA', () => {
  const withCa = (ca: string) => configWith({ 4: `${URL_LINE}\n    ca: ${ca}` });
  const caOf = (text: string, pem: string) =>
    parseConfig(text, { file: 'conf/relay.yaml', readFile: () => pem }).connections['vault']?.ca;

  it('is read from beside relay.yaml', () => {
    const asked: string[] = [];
    parseConfig(withCa('ca/vault.pem'), {
      file: '/etc/relay/relay.yaml',
      readFile: (path) => {
        asked.push(path);
        return CA_PEM;
      },
    });
    expect(asked).toEqual(['/etc/relay/ca/vault.pem']);
  });

  it('is replaced by its certificates, without anything else from the file', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
    expect(caOf(withCa('vault.pem'), `# our CA\n${CA_PEM}${key}${CA_PEM}`)).toBe(CA_PEM + CA_PEM);
  });

  it('can be that of a store as well', () => {
    const store = ['    type: kv-v2', '    url: https://openbao.example.com', '    auth: { role: r, audience: a }'];
    const text = configWith({ 10: [...store, '    ca: store.pem'] });
    const { stores } = parseConfig(text, { file: 'relay.yaml', readFile: () => `# our CA\n${CA_PEM}` });
    expect(stores['aws']?.ca).toBe(CA_PEM);
    expect(problemsOf(text, () => 'nothing')).toEqual([
      'relay.yaml:13:9 stores.aws.ca: contains no readable certificate; use a PEM file with the certificate of the CA',
    ]);
  });

  it('may be the PEM text itself', () => {
    const block = `|\n${CA_PEM.replaceAll(/^(?=.)/gm, '      ')}`;
    expect(caOf(withCa(block), 'not read')).toBe(CA_PEM);
  });

  it.each([
    ['no certificate', 'nothing'],
    ['a damaged certificate', CA_PEM.replace(/MII/, 'AAA')],
  ])('is refused if the file contains %s', (_case, pem) => {
    expect(problemsOf(withCa('vault.pem'), () => pem)).toEqual([
      'relay.yaml:5:9 connections.vault.ca: contains no readable certificate; use a PEM file with the certificate of the CA',
    ]);
  });
});

describe('loadConfig', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'relay-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('reads a file and the CA beside it from disk', () => {
    const file = join(directory, 'relay.yaml');
    writeFileSync(file, configWith({ 4: `${URL_LINE}/\n    ca: ca.pem` }));
    writeFileSync(join(directory, 'ca.pem'), CA_PEM);
    expect(loadConfig(file).connections['vault']).toMatchObject({
      url: 'https://pam.example.com/BeyondTrust/api/public/v3',
      ca: CA_PEM,
    });
  });

  it('describes the fix if there is no file', () => {
    const file = join(directory, 'none.yaml');
    expect(() => loadConfig(file)).toThrow(
      new RelayError(
        'ConfigurationInvalid',
        `The file ${file} cannot be read. Start from examples/minimal.yaml, or name your file: -c config=<path>.`,
      ),
    );
  });
});
