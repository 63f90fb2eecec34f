import { describe, expect, it } from 'vitest';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const ROLE = 'arn:aws:iam::111122223333:role/deliveries';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/k';

/** The settings of the store `aws`, one a line, from line 11 on. */
const withStore = (...settings: readonly string[]): string =>
  configWith({ 10: ['    type: aws-secrets-manager', ...settings.map((setting) => `    ${setting}`)] });

describe('the settings of another account and region', () => {
  it.each([
    [[`roleArn: ${ROLE}`, 'externalId: relay-7']],
    [[`roleArn: ${ROLE}`, 'externalId: relay-7', 'region: eu-west-1', 'replicaRegions: [eu-north-1]']],
    [['region: us-gov-west-1', 'replicaRegions: [{ region: us-gov-east-1 }]']],
    [['region: eu-west-1', `kmsKeyArn: ${KEY}`]],
    [['replicaRegions:', `  - { region: eu-west-1, kmsKeyArn: "${KEY}" }`, '  - eu-north-1']],
  ])('may be %j', (settings) => {
    expect(problemsOf(withStore(...settings))).toEqual([]);
  });

  it.each<[settings: string[], problem: string]>([
    [
      [`roleArn: ${ROLE}`],
      '11:14 stores.aws.roleArn: add externalId beside it, for example the output of uuidgen. Without one, anyone who can name this role to a relay of the account that it trusts could deliver with it (the confused deputy problem)',
    ],
    [
      ['externalId: relay-7'],
      '11:17 stores.aws.externalId: add roleArn beside it, or remove it: without roleArn it has no effect',
    ],
    [
      ['roleArn: arn:aws:iam::111122223333:user/deliveries', 'externalId: relay-7'],
      '11:14 stores.aws.roleArn: is not valid; use the full ARN of a role, such as arn:aws:iam::111122223333:role/pam-relay',
    ],
    [
      ['roleArn: arn:aws:iam::111122223333:role/*/deliveries', 'externalId: relay-7'],
      '11:14 stores.aws.roleArn: is not valid; use the full ARN of a role, such as arn:aws:iam::111122223333:role/pam-relay',
    ],
    [
      [`roleArn: ${ROLE}`, 'externalId: a b'],
      '12:17 stores.aws.externalId: is not valid; use 2 to 1,224 letters, digits and _+=,.@:/-',
    ],
    [['region: Ireland'], '11:13 stores.aws.region: is not valid; use the code of an AWS region, such as eu-west-1'],
    [
      ['region: eu-central-1', `kmsKeyArn: ${KEY}`],
      '12:16 stores.aws.kmsKeyArn: use a key of eu-central-1, where the secrets are; this one is in eu-west-1',
    ],
    [
      ['region: eu-west-1', 'replicaRegions: [eu-west-1]'],
      '12:22 stores.aws.replicaRegions[0]: remove eu-west-1, the region of the store itself',
    ],
    [
      ['replicaRegions: [eu-west-1, { region: eu-west-1 }]'],
      '11:33 stores.aws.replicaRegions[1]: remove eu-west-1, which is there twice',
    ],
    [
      [`replicaRegions: [{ region: eu-north-1, kmsKeyArn: "${KEY}" }]`],
      '11:55 stores.aws.replicaRegions[0].kmsKeyArn: use a key of eu-north-1, where the replica is; this one is in eu-west-1',
    ],
  ])('may not be %j', (settings, problem) => {
    expect(problemsOf(withStore(...settings))).toEqual([`relay.yaml:${problem}`]);
  });
});

/** A second store, and a second sync that delivers into these stores. */
const withOther = ({
  first = [],
  other = [],
  stores = 'other',
  folder = 'other',
}: {
  readonly first?: readonly string[];
  readonly other?: readonly string[];
  readonly stores?: string;
  readonly folder?: string;
} = {}): string[] => {
  const indented = (settings: readonly string[]) => settings.map((setting) => `    ${setting}`);
  const text = configWith({
    10: [
      '    type: aws-secrets-manager',
      ...indented(first),
      '  other:',
      '    type: aws-secrets-manager',
      ...indented(other),
    ],
    17: [
      '    schedule: { expression: rate(1 hour) }',
      '  second:',
      '    connection: vault',
      `    stores: [${stores}]`,
      `    name: ${folder}/{systemName}/{accountName}`,
      '    schedule: { expression: rate(1 hour) }',
    ],
  });
  return problemsOf(text).map((problem) => problem.replace(/^relay\.yaml:/, ''));
};

describe('two stores', () => {
  const THERE = [`roleArn: ${ROLE}`, 'externalId: relay-7'];

  it('of one place have one pace', () => {
    const message =
      '13:22 stores.other.writesPerSecond: is 20 while store "aws" has 40 for the same place, where both count against the same quotas; write the same value in both, such as writesPerSecond: 40';
    expect(withOther({ other: ['writesPerSecond: 20'] })).toEqual([message]);
    expect(withOther({ first: ['writesPerSecond: 20'], other: ['writesPerSecond: 20'] })).toEqual([]);
    expect(withOther({ first: ['writesPerSecond: unlimited'] })).toEqual([
      expect.stringContaining('is 40 while store "aws" has unlimited'),
    ]);
    const same = ['roleArn: arn:aws:iam::111122223333:role/another', 'externalId: relay-8', 'writesPerSecond: 20'];
    expect(withOther({ first: THERE, other: same })).toHaveLength(1);
  });

  it('of one role have one external id, which the message does not show', () => {
    const another = [`roleArn: ${ROLE}`, 'externalId: relay-8'];
    expect(withOther({ first: THERE, other: THERE })).toEqual([]);
    expect(withOther({ first: THERE, other: another })).toEqual([
      `16:17 stores.other.externalId: differs from that of store "aws" for the same role; use one externalId for the role ${ROLE}: copy the one of store "aws"`,
    ]);
  });

  it.each([
    ['accounts', THERE],
    ['regions', ['region: eu-west-1']],
  ])('of different %s have paces and folders of their own', (_what, settings) => {
    expect(withOther({ other: [...settings, 'writesPerSecond: 20'], folder: 'fleet' })).toEqual([]);
  });

  it('may not deliver under the names of replicas', () => {
    const settings = { first: ['replicaRegions: [eu-west-1]'], other: ['region: eu-west-1'] };
    expect(withOther(settings)).toEqual([]);
    expect(withOther({ ...settings, folder: 'fleet' })).toEqual([
      expect.stringContaining('syncs.second.name: begins with "fleet/" while sync "fleet" begins with "fleet/"'),
    ]);
    expect(withOther({ ...settings, other: [...THERE, 'region: eu-west-1'], folder: 'fleet' })).toEqual([]);
  });
});

describe('stores of kv-v2 on one mount', () => {
  /** A sync into both stores, and a second sync into the second one. */
  const withFolders = (one: string | undefined, other: string | undefined, second: string, stores = 'aws, other') => {
    const entry = (folder: string | undefined, url: string): string[] => [
      '    type: kv-v2',
      `    url: ${url}`,
      '    auth: { role: pam-relay, audience: https://kv.example.com }',
      ...(folder === undefined ? [] : [`    folder: ${folder}`]),
    ];
    const text = configWith({
      10: [...entry(one, 'https://kv.example.com:8200'), '  other:', ...entry(other, 'https://KV.example.com.:8200/')],
      14: `    stores: [${stores}]`,
      17: [
        '    schedule: { expression: rate(1 hour) }',
        '  second:',
        '    connection: vault',
        '    stores: [other]',
        `    name: ${second}/{systemName}/{accountName}`,
        '    schedule: { expression: rate(1 hour) }',
      ],
    });
    return problemsOf(text).map((problem) => problem.replace(/^relay\.yaml:[\d:]+ /, ''));
  };

  it('have folders that do not contain each other in one rule, because a list covers them all', () => {
    expect(withFolders('one', 'two', 'second')).toEqual([]);
    expect(withFolders('one', 'one-more', 'second')).toEqual([]);
    for (const [one, other] of [
      [undefined, 'two'],
      ['two/deep', 'two'],
    ]) {
      expect(withFolders(one, other, 'second')).toEqual([
        'syncs.fleet.stores[1]: has a folder that contains the folder of the store "aws", or is inside it; use folders that do not contain each other',
      ]);
    }
    expect(withFolders('one', 'one', 'second')).toEqual([
      'syncs.fleet.stores[1]: is the same place as the store "aws", so both would hold the same secrets; remove one of them',
    ]);
  });

  it('may contain each other in two rules if no path is used twice', () => {
    expect(withFolders(undefined, 'team', 'second', 'aws')).toEqual([]);
    expect(withFolders(undefined, 'fleet', 'second', 'aws')).toEqual([
      expect.stringContaining('begins with "fleet/second/" while sync "fleet" begins with "fleet/"'),
    ]);
  });
});
