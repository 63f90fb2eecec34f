import { describe, expect, it } from 'vitest';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

type Case = [behaviour: string, replacements: Record<number, string>, problem: string];

/** A second sync behind the first, complete but for its name; its `name` is in line 21. */
const secondSync = (name: string, store = 'aws') =>
  `    schedule: { expression: rate(1 hour) }\n  second:\n    connection: vault\n    store: ${store}\n    name: ${name}\n    schedule: { expression: rate(1 hour) }`;

const itFinds = (cases: readonly Case[]) =>
  it.each(cases)('%s', (_behaviour, replacements, problem) => {
    expect(problemsOf(configWith(replacements))).toEqual([`relay.yaml:${problem}`]);
  });

it('finds nothing wrong with a configuration that is right', () => {
  expect(problemsOf(configWith())).toEqual([]);
});

describe('references', () => {
  itFinds([
    [
      'refuses a connection that is not there, with the nearest that is',
      { 13: '    connection: valt' },
      '13:17 syncs.fleet.connection: there is no connection "valt"; did you mean "vault"?',
    ],
    [
      'refuses a store that is not there, with those that are',
      { 14: '    store: azure' },
      '14:12 syncs.fleet.store: there is no store "azure"; use "aws"',
    ],
    [
      'refuses a store that no sync uses',
      { 10: '    type: aws-secrets-manager\n  spare:\n    type: aws-secrets-manager' },
      '11:3 stores.spare: is not used by any sync or checkout; use it or remove it',
    ],
    [
      'refuses a connection that no sync uses',
      {
        7: '      bootstrapSecret: bootstrap/vault\n  spare:\n    type: password-safe\n    url: https://spare.example.com\n    authentication: { type: oauth, bootstrapSecret: bootstrap/spare }',
      },
      '8:3 connections.spare: is not used by any sync or checkout; use it or remove it',
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
      'tells accounts apart',
      named('fleet/{systemName}'),
      '15:11 syncs.fleet.name: gives two accounts of a system the same name; add {accountName} or {accountId}',
    ],
    [
      'tells systems apart',
      named('fleet/{accountId}'),
      '15:11 syncs.fleet.name: gives accounts of two systems the same name; add {systemName} or {systemId}',
    ],
    [
      'holds no credential',
      named('fleet/{systemId}/{accountId}/{credential}'),
      '15:11 syncs.fleet.name: must not contain {credential}, because names are listed and logged; use it only in value',
    ],
    [
      'has a partner for each brace',
      named('fleet/{systemName}/{accountName'),
      '15:11 syncs.fleet.name: the "{" at character 20 is unmatched; double it to use it as text',
    ],
    [
      'holds only what Secrets Manager takes',
      named('fleet/my db/{{{systemName}}}/{accountName} ü'),
      '15:11 syncs.fleet.name: contains " ", "{", "}", "ü", which Secrets Manager does not allow; use letters, digits and /_+=.@- only',
    ],
    [
      'does not end like an ARN',
      named('fleet/{systemName}/{accountName}-secret'),
      '15:11 syncs.fleet.name: ends in a hyphen and six characters, like the ARN of a secret; change the ending',
    ],
  ]);

  it('names everything that is wrong with it', () => {
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

describe('the value template', () => {
  const valued = (value: string): Record<number, string> => ({ 16: `    value: ${value}` });
  itFinds([
    [
      'uses the credential, as text',
      valued("'{accountName}'"),
      '16:12 syncs.fleet.value: delivers no credential; use {credential} in it',
    ],
    [
      'uses the credential in some field',
      valued("{ a: '{accountName}', b: '{{credential}}' }"),
      '16:12 syncs.fleet.value: delivers no credential; use {credential} in it',
    ],
    ['has fields', valued('{}'), '16:12 syncs.fleet.value: delivers no credential; use {credential} in it'],
    [
      'knows its placeholders, field by field',
      valued("{ a: '{credential}', b: '{pasword}' }"),
      '16:36 syncs.fleet.value.b: there is no placeholder "{pasword}"; use one of "credential", "accountName", "accountId", "systemName", "systemId", "domainName", "workgroupName"',
    ],
    [
      'has a partner for each brace',
      valued("'{credential}}'"),
      '16:12 syncs.fleet.value: the "}" at character 13 is unmatched; double it to use it as text',
    ],
  ]);

  it('may be plain text with braces in it', () => {
    expect(problemsOf(configWith(valued(`'{{"key": "{credential}"}}'`)))).toEqual([]);
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

  it('refuses two syncs with one folder even over two stores, which are one Secrets Manager', () => {
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
      'refuses a client certificate where the tokens are',
      { 7: `      bootstrapSecret: bootstrap/vault\n${certificate('pam-relay/pam-relay/token/vault')}` },
      '9:17 connections.vault.authentication.clientCertificate.secret: is in pam-relay/pam-relay/token/, where the relay keeps its tokens; use another folder',
    ],
    [
      "refuses a sync that could overwrite the relay's tokens",
      { 15: '    name: pam-relay/{systemName}/{accountName}' },
      `15:11 syncs.fleet.name: begins with "pam-relay/" and could overwrite the relay's tokens in pam-relay/pam-relay/token/; use another folder`,
    ],
    [
      'refuses a sync that delivers in between the tokens, by the name of this relay',
      { 11: 'relay: two\nsyncs:', 15: '    name: pam-relay/two/token/x/{systemName}/{accountName}' },
      `16:11 syncs.fleet.name: begins with "pam-relay/two/token/x/" and could overwrite the relay's tokens in pam-relay/two/token/; use another folder`,
    ],
    [
      'refuses a bootstrap secret where the tokens are',
      { 7: '      bootstrapSecret: pam-relay/pam-relay/token/vault' },
      '7:24 connections.vault.authentication.bootstrapSecret: is in pam-relay/pam-relay/token/, where the relay keeps its tokens; use another folder',
    ],
  ]);
});

describe('the pace', () => {
  const paced = (limits: string, sync: string): Record<number, string> => ({
    7: `      bootstrapSecret: bootstrap/vault\n    limits: { ${limits} }`,
    14: `    store: aws\n${sync}`,
  });
  itFinds([
    [
      'has a call at a time for each batch',
      paced('inFlight: 3', '    concurrency: 4'),
      "16:18 syncs.fleet.concurrency: exceeds the connection's limits; use at most 3, or raise inFlight and perSecond",
    ],
    [
      'has a call a second for each batch',
      paced('perSecond: 1', '    concurrency: 2'),
      "16:18 syncs.fleet.concurrency: exceeds the connection's limits; use at most 1, or raise inFlight and perSecond",
    ],
    [
      'lets no lease end before its batch is read',
      paced('perSecond: 1', '    concurrency: 1\n    batchSize: 250\n    requestMinutes: 8'),
      "18:21 syncs.fleet.requestMinutes: leases would end before their batch is read at the connection's perSecond; use at least 9, or a smaller batchSize",
    ],
  ]);

  it('may use the limits fully, and no more', () => {
    const text = configWith(
      paced('inFlight: 2, perSecond: 2', '    concurrency: 2\n    batchSize: 250\n    requestMinutes: 9'),
    );
    expect(problemsOf(text)).toEqual([]);
  });
});

describe('staleness', () => {
  const STALE = 'would raise its alarm between two runs of rate(1 day); use at least 25, or run more often';
  itFinds([
    [
      'is longer than the time between two runs',
      { 17: '    schedule: { expression: rate(1 day), flexibleMinutes: 0 }\n    staleAfterHours: 24' },
      `18:22 syncs.fleet.staleAfterHours: ${STALE}`,
    ],
    [
      'is longer than the time between two runs by default, too',
      { 17: '    schedule: { expression: rate(1 day) }' },
      `12:3 syncs.fleet.staleAfterHours: ${STALE}`,
    ],
  ]);

  it.each(['rate(1 day), flexibleMinutes: 59', 'cron(0 3 1 * ? *)', 'rate(1440 minutes)'])(
    'of 25 hours suits %s',
    (when) => {
      const text = configWith({ 17: `    schedule: { expression: ${when} }\n    staleAfterHours: 25` });
      expect(problemsOf(text)).toEqual([]);
    },
  );
});
