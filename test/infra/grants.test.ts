import { describe, expect, it } from 'vitest';
import { REGISTERED_TYPES, type RegisteredTypes } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import type { Source } from '#shared/connections/vault.ts';
import type { StoreType } from '#shared/stores/store.ts';
import { mergePermissions } from '#shared/workflows/permissions.ts';
import { asText, FULL, loadExample, permissionsOf, synthesise } from './synthesis.ts';

const registered = <T>(types: Readonly<Record<string, T>>, type: string): T => {
  const found = types[type];
  if (found === undefined) throw new Error(`The type ${type} is not registered.`);
  return found;
};

const config = loadExample(FULL);
const renamed = <T extends object>(entry: T | undefined, more: object): T => {
  if (entry === undefined) throw new Error('The example has no such entry.');
  return { ...entry, ...more };
};

describe('the permissions for stores', () => {
  const calls: Parameters<StoreType['grants']>[] = [];
  const grants: StoreType['grants'] = (...all) => {
    calls.push(all);
    const [, use, { prefixes }] = all;
    return [{ actions: [`heap:${use}`], resources: prefixes.map((prefix) => `heap/${prefix}`) }];
  };
  const types: RegisteredTypes = {
    ...REGISTERED_TYPES,
    stores: {
      ...REGISTERED_TYPES.stores,
      heap: { ...registered(REGISTERED_TYPES.stores, 'aws-secrets-manager'), grants },
    },
  };
  const withHeap: RelayConfig = {
    ...config,
    stores: {
      ...config.stores,
      heap: { type: 'heap', depth: 3 },
      unused: { type: 'heap', depth: 4 },
      parameters: { type: 'aws-parameter-store', tags: {}, tier: 'standard', writesPerSecond: 3 },
    },
    syncs: { ...config.syncs, 'ssh-keys': renamed(config.syncs['ssh-keys'], { stores: ['heap', 'parameters'] }) },
  };
  const { template } = synthesise(withHeap, { types });
  const ofHeap = (fn: string) => permissionsOf(template, fn).filter((permission) => permission.startsWith('heap:'));

  it('are those that each type requests, for the rules that deliver to its stores', () => {
    expect(ofHeap('SyncRetrieve')).toEqual(['heap:deliver heap/ssh-keys/', 'heap:retire heap/ssh-keys/']);
    expect(ofHeap('SyncRequest')).toEqual(['heap:complete heap/ssh-keys/', 'heap:inspect heap/ssh-keys/']);
    expect(ofHeap('CheckoutRetrieve')).toEqual([]);
    expect(permissionsOf(template, 'SyncRetrieve').filter((permission) => /secret:ssh-keys/.test(permission))).toEqual(
      [],
    );
    expect(permissionsOf(template, 'SyncRequest')).toContain('secretsmanager:DescribeSecret secret:databases/*');
  });

  it('of Parameter Store cover the folder of the rule and the tag of the relay', () => {
    const ofParameters = (fn: string) =>
      permissionsOf(template, fn).filter((permission) => /\bssm[:.]/.test(permission));
    const ours = 'if StringLike aws:ResourceTag/pam-relay:owner pam-relay-prod.<AWS::AccountId>.<AWS::Region>/*';
    const look = [
      `ssm:GetParameterHistory parameter/ssh-keys/* ${ours}`,
      'ssm:ListTagsForResource parameter/ssh-keys/*',
    ];
    expect(ofParameters('SyncPlan')).toEqual(['ssm:DescribeParameters *', ...look]);
    expect(ofParameters('SyncRequest')).toEqual(look);
    const toDeliver = ofParameters('SyncRetrieve');
    expect(toDeliver).toEqual(expect.arrayContaining([`ssm:PutParameter parameter/ssh-keys/* ${ours}`, ...look]));
    expect(toDeliver.filter((permission) => /^ssm:(?!.*parameter\/ssh-keys\/\*)/.test(permission))).toEqual([]);
    expect(ofParameters('CheckoutRetrieve')).toEqual([]);
  });

  it('are requested with the settings of each store that a rule uses', () => {
    const settings = calls.map(([given]) => given);
    expect(new Set(settings.map((given) => JSON.stringify(given)))).toEqual(new Set(['{"type":"heap","depth":3}']));
  });

  it('are requested with the names and ARNs of the stack', () => {
    const [, , scope] = calls[0] ?? [];
    expect(Object.keys(scope ?? {}).toSorted()).toEqual([
      'account',
      'encryptionKey',
      'owners',
      'partition',
      'prefixes',
      'region',
      'session',
    ]);
  });
});

describe('the permissions for claims', () => {
  const accounts = registered(passwordSafe.sources, 'accounts');
  const loans = {
    ...accounts,
    rules: (rule: Source) => ({ ...accounts.rules(rule), accessKind: 'opening-reads' as const }),
  };
  const library = { ...passwordSafe, sources: { loans } };
  const { template } = synthesise(
    { ...config, syncs: { ...config.syncs, databases: renamed(config.syncs['databases'], { source: 'loans' }) } },
    { types: { ...REGISTERED_TYPES, connections: { ...REGISTERED_TYPES.connections, library } } },
  );
  const claimsOf = (fn: string): string[] =>
    permissionsOf(template, fn).flatMap((one) => /^s3:(\w+) <bucket>\/claims/.exec(one)?.[1] ?? []);

  it('belong to the steps that open or close, of the rules that need claims', () => {
    const [OPENING, CLOSING] = [
      ['GetObject', 'PutObject'],
      ['DeleteObject', 'GetObject', 'PutObject'],
    ];
    expect(['SyncRequest', 'SyncRetrieve'].map((fn) => claimsOf(fn))).toEqual([OPENING, OPENING]);
    expect(['SyncCheckin', 'UpkeepReap'].map((fn) => claimsOf(fn))).toEqual([CLOSING, CLOSING]);
    expect(['SyncPlan', 'CheckoutRetrieve', 'CheckoutCheckin'].flatMap((fn) => claimsOf(fn))).toEqual([]);
  });
});

describe('the permissions of a relay whose rules name one store each', () => {
  const { databases } = config.syncs;
  const auth = { role: 'pam-relay', audience: 'https://openbao.example.com' };
  const { template } = synthesise({
    ...config,
    stores: {
      aws: { type: 'aws-secrets-manager', tags: {}, replicaRegions: [] },
      parameters: { type: 'aws-parameter-store', tags: {}, tier: 'standard' },
      openbao: { type: 'kv-v2', url: auth.audience, folder: 'pam-relay', auth },
    },
    syncs: {
      secrets: renamed(databases, { stores: ['aws'], name: 'secrets/{systemName}/{accountName}' }),
      parameters: renamed(databases, { stores: ['parameters'], name: 'parameters/{systemName}/{accountName}' }),
    },
    checkouts: { changes: renamed(config.checkouts['changes'], { stores: ['openbao'] }) },
  });
  const FOLDERS = ['secret:secrets/', 'parameter/parameters/'] as const;

  /** The folders that the permissions of a function name, and `openbao` if it can sign in there. */
  const reachOf = (fn: string): string[] => {
    const permissions = permissionsOf(template, fn);
    if (permissions.length === 0) throw new Error(`There is no function ${fn}.`);
    const named = permissions.flatMap((permission) => permission.match(/(?:secret:|parameter\/)\w+\/(?=\*)/g) ?? []);
    const signsIn = permissions.some((permission) => permission.startsWith('sts:GetWebIdentityToken'));
    return [...new Set([...named, ...(signsIn ? ['openbao'] : [])])].toSorted();
  };

  it.each<[string, readonly string[]]>([
    ['SyncPlan', FOLDERS],
    ['SyncRequest', FOLDERS],
    ['SyncRetrieve', FOLDERS],
    ['CheckoutRetrieve', ['openbao']],
    ['CheckoutRetire', ['openbao']],
    ['CheckoutRequest', []],
    ['CheckoutReport', []],
    ['SyncCheckin', []],
    ['SyncReport', []],
    ['UpkeepReap', []],
  ])('of %s reach these folders and stores only: %j', (fn, reach) => {
    expect(reachOf(fn)).toEqual([...reach].toSorted());
  });
});

describe('the permissions to sign in', () => {
  it('contain no secret for a connection without operator secrets and a shared token', () => {
    const passwordSafe = registered(REGISTERED_TYPES.connections, 'password-safe');
    const open = { ...passwordSafe, operatorSecrets: () => [], sharesToken: () => false };
    const connections = Object.fromEntries(
      Object.entries(config.connections).map(([name, settings]) => [
        name,
        { ...settings, type: 'open', proxy: undefined },
      ]),
    );
    const types = { ...REGISTERED_TYPES, connections: { open } };
    const { template } = synthesise({ ...config, connections }, { types });
    // The records of the limits are not secrets.
    expect(permissionsOf(template, 'Authenticate').join()).not.toContain('secretsmanager:');
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  it('contain a secret once, even if several connections name it', () => {
    const { vault } = config.connections;
    const other = renamed(vault, {});
    const { template } = synthesise({
      ...config,
      connections: { ...config.connections, other },
      syncs: {
        ...config.syncs,
        another: renamed(config.syncs['databases'], {
          connection: 'other',
          name: 'another/{systemName}/{accountName}',
        }),
      },
    });
    const [policy] = Object.entries(template.findResources('AWS::IAM::Policy')).flatMap(([id, { Properties }]) =>
      id.startsWith('AuthenticateRole') ? [Properties.PolicyDocument.Statement] : [],
    );
    const readable: unknown[] = policy.find(
      ({ Action }: { Action: unknown }) => Action === 'secretsmanager:GetSecretValue',
    ).Resource;
    expect(
      readable
        .map(asText)
        .map((resource) => resource.replace(/^.*:secret:/, ''))
        .toSorted(),
    ).toEqual([
      expect.stringMatching(/^<SignInTokenother/),
      expect.stringMatching(/^<SignInTokenvault/),
      'bootstrap/password-safe-??????',
      'bootstrap/password-safe-certificate-??????',
      'bootstrap/proxy-??????',
    ]);
  });
});

it('a relay for an SRA site signs in with its bootstrap secret and a shared token, and may write only below its names', () => {
  const { template } = synthesise(loadExample('sra.yaml'));
  expect(permissionsOf(template, 'Authenticate').join('\n')).toMatch(/bootstrap\/pra/);
  template.hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'pam-relay/pam-relay/token/pra' });
  const reach = permissionsOf(template, 'SyncRetrieve').flatMap(
    (one) => one.match(/(?<=secret:)[\w-]+\/(?=\*)/g) ?? [],
  );
  expect(new Set(reach)).toEqual(new Set(['databases/', 'deploy-keys/']));
});

describe('permissions', () => {
  it('are merged if actions and conditions are the same, and stay separate otherwise', () => {
    const ours = { StringLike: { tag: 'ours' } };
    expect(
      mergePermissions([
        { actions: ['a:Read'], resources: ['one'] },
        { actions: ['a:Read'], resources: ['two', 'one'] },
        { actions: ['a:Read'], resources: ['three'], conditions: ours },
        { actions: ['a:Read', 'a:Write'], resources: ['one'] },
        { actions: ['a:Read'], resources: ['four*'], pattern: 'Because.' },
      ]),
    ).toEqual([
      { actions: ['a:Read'], resources: ['one', 'two'] },
      { actions: ['a:Read'], resources: ['three'], conditions: ours },
      { actions: ['a:Read', 'a:Write'], resources: ['one'] },
      { actions: ['a:Read'], resources: ['four*'], pattern: 'Because.' },
    ]);
  });
});
