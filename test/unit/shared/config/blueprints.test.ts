import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Document, parseDocument } from 'yaml';
import { problemsOf } from '#test/unit/shared/config/support.ts';

const EXAMPLE = readFileSync(new URL('../../../../examples/provisioning.yaml', import.meta.url), 'utf8');
const BLUEPRINT = ['provisioning', 'linux-hosts'];
const RESOURCES = [...BLUEPRINT, 'resources'];

/** Problems of the example after a change, without their positions. */
const problemsAfter = (change: (config: Document) => void): string[] => {
  const document = parseDocument(EXAMPLE);
  change(document);
  return problemsOf(String(document)).map((problem) => problem.replace(/^relay\.yaml:\d+:\d+ /, ''));
};

const set =
  (...path: readonly string[]) =>
  (value: unknown) =>
  (config: Document) =>
    config.setIn([...BLUEPRINT, ...path], config.createNode(value));

const addReader = (config: Document, bootstrapSecret = 'bootstrap/vault') => {
  const url = config.getIn(['connections', 'vault-admin', 'url']);
  const connection = { type: 'password-safe', url, authentication: { type: 'oauth', bootstrapSecret } };
  config.setIn(['connections', 'vault'], config.createNode(connection));
};

describe('a blueprint', () => {
  it('of the example has no problem', () => {
    expect(problemsAfter(() => {})).toEqual([]);
  });

  it.each<[string, (config: Document) => void, string]>([
    [
      'an unknown connection',
      set('connection')('vault-admn'),
      'connection: there is no connection "vault-admn"; did you mean "vault-admin"?',
    ],
    [
      'an unknown resource',
      set('resources', 'system', 'asset')('machin'),
      'resources.system.asset: there is no resource "machin"; did you mean "machine"?',
    ],
    [
      'a resource of another type',
      set('resources', 'root', 'system')('machine'),
      'resources.root.system: "machine" is of the type asset, not managed-system; use "system"',
    ],
    [
      'a resource in a list',
      set('resources', 'rule', 'accounts')(['root', 'admin']),
      'resources.rule.accounts[1]: there is no resource "admin"; use "root"',
    ],
    [
      'an unknown input',
      set('resources', 'machine', 'name')('{hst}'),
      'resources.machine.name: there is no input "hst"; did you mean "host"?',
    ],
    [
      'a filter',
      set('resources', 'machine', 'name')('{host:url}'),
      'resources.machine.name: has a filter; write {host}',
    ],
    [
      'an unmatched brace',
      set('resources', 'owners', 'name')('Owners {of {host}'),
      'resources.owners.name: the "{" at character 8 is unmatched; double it to use it as text',
    ],
    [
      'an input that is not used',
      set('inputs', 'owner')({}),
      'inputs.owner: is not used; write {owner} in a setting, or remove it',
    ],
    [
      'an input only in doubled braces, which are text',
      (config) => {
        set('inputs', 'owner')({})(config);
        set('resources', 'owners', 'name')('Owners of {host} {{owner}}')(config);
      },
      'inputs.owner: is not used; write {owner} in a setting, or remove it',
    ],
    [
      'a default that does not fit',
      set('inputs', 'host', 'default')('a b'),
      'inputs.host.default: does not fit the format word; use 1 to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or a digit',
    ],
    [
      'a reference that a message chooses',
      set('resources', 'root', 'system')('{host}'),
      'resources.root.system: there is no resource "{host}"; use "system"',
    ],
    [
      'a secret that a message chooses',
      set('resources', 'root', 'password')({ from: 'secret', secret: 'initial/{host}' }),
      'resources.root.password.secret: ',
    ],
    [
      'an adoption by which a message chooses rights',
      set('resources', 'owners', 'adopt')(true),
      'resources.owners.adopt: lets a message choose an existing user-group, which grants rights; remove adopt, or identify the object without a placeholder (name)',
    ],
    [
      'an adoption by which a message gets rights on an existing account',
      set('resources', 'root', 'adopt')(true),
      'resources.root.adopt: lets a message choose an existing managed-account, on which "rule" grants rights; remove adopt, or identify the object without a placeholder (system, name)',
    ],
    [
      'a role that a message chooses',
      set('resources', 'requestors', 'roles')(['{host}']),
      'resources.requestors.roles[0]: contains a placeholder; write a fixed text, so that no message chooses it',
    ],
    [
      'an access policy that a message chooses',
      set('resources', 'requestors', 'accessPolicy')('{host}'),
      'resources.requestors.accessPolicy: contains a placeholder; write a fixed text, so that no message chooses it',
    ],
    [
      'a functional account that a message chooses',
      set('resources', 'system', 'functionalAccount')('{host}'),
      'resources.system.functionalAccount: contains a placeholder; write a fixed text, so that no message chooses it',
    ],
    [
      'a group of a directory that a message chooses',
      set('resources', 'owners', 'kind')('active-directory'),
      'resources.owners.name: contains a placeholder; write a fixed text, so that no message chooses it',
    ],
    [
      'a role without an access level before it',
      (config) => config.deleteIn([...RESOURCES, 'access']),
      'resources.requestors: needs an access level of the group on the rule before it; add a resource of the type access-level',
    ],
    [
      'automatic management without a functional account',
      (config) => config.deleteIn([...RESOURCES, 'system', 'functionalAccount']),
      'resources.system.autoManagement: needs a functional account; add functionalAccount, by its name',
    ],
    [
      'a password by the vault for an account that is not managed automatically',
      set('resources', 'root', 'password')({ from: 'vault' }),
      'resources.root.password: is set by the vault, which needs autoManagement: true on the account',
    ],
    [
      'a password by the vault on a system that is not managed automatically',
      (config) => {
        set('resources', 'root', 'password')({ from: 'vault' })(config);
        set('resources', 'root', 'autoManagement')(true)(config);
        set('resources', 'system', 'autoManagement')(false)(config);
      },
      'resources.root.password: is set by the vault, which needs autoManagement: true on "system"',
    ],
    [
      'two accounts that are one',
      set(
        'resources',
        'again',
      )({ type: 'managed-account', system: 'system', name: 'ROOT', password: { from: 'relay' } }),
      'resources.again: is the same managed-account as "root" (system, name); remove it, or give it another name',
    ],
    [
      'a name as the source of an address',
      set('ec2')({
        accounts: ['111122223333'],
        vpcs: ['vpc-0a'],
        inputs: { host: 'private-dns', address: 'private-dns' },
      }),
      'ec2.inputs.address: is no address; write private-ip or public-ip',
    ],
    [
      'a role that requests without an access policy',
      (config) => config.deleteIn([...RESOURCES, 'requestors', 'accessPolicy']),
      'resources.requestors.roles: need an access policy, because one of them requests; add accessPolicy',
    ],
    [
      'a rule that is to be adopted',
      (config) => {
        set('resources', 'rule', 'adopt')(true)(config);
        set('resources', 'rule', 'title')('Linux')(config);
      },
      'resources.rule.adopt: is not possible for this type; remove it, and use a new title',
    ],
    [
      'a group that is to be adopted',
      (config) => {
        set('resources', 'owners', 'adopt')(true)(config);
        set('resources', 'owners', 'name')('Owners')(config);
      },
      'resources.owners.adopt: is not possible for this type; remove it, and use a new name',
    ],
    [
      'a group of a directory without its domain',
      (config) => {
        set('resources', 'owners', 'kind')('active-directory')(config);
        set('resources', 'owners', 'name')('Owners')(config);
        set('resources', 'owners', 'forestName')('corp.example.com')(config);
      },
      'resources.owners: lacks domainName, which a group of the kind active-directory needs',
    ],
    [
      'a source of an input that does not exist',
      set('ec2')({ accounts: ['111122223333'], vpcs: ['vpc-0a'], inputs: { host: 'tag:host', address: 'private-ip' } }),
      'ec2.inputs.host: ',
    ],
    [
      'an event that lacks an input',
      set('ec2')({ accounts: ['111122223333'], vpcs: ['vpc-0a'], inputs: { host: 'private-dns' } }),
      'ec2.inputs: lacks "address"; add for example address: private-ip',
    ],
    [
      'an event that lacks an input with the name of an inherited property',
      (config) => {
        set('inputs', 'constructor')({})(config);
        set('resources', 'owners', 'name')('Owners of {host} {constructor}')(config);
        set('ec2')({
          accounts: ['111122223333'],
          vpcs: ['vpc-0a'],
          inputs: { host: 'private-dns', address: 'private-ip' },
        })(config);
      },
      'ec2.inputs: lacks "constructor"; add for example constructor: instance-id',
    ],
    [
      'an event with an input although none is declared',
      (config) => {
        config.deleteIn([...BLUEPRINT, 'inputs']);
        set('ec2')({ accounts: ['111122223333'], vpcs: ['vpc-0a'], inputs: { host: 'private-dns' } })(config);
      },
      'ec2.inputs.host: is no input; declare it under inputs, as in host: {}',
    ],
    [
      'an event with an unknown input',
      set('ec2')({
        accounts: ['111122223333'],
        vpcs: ['vpc-0a'],
        inputs: { host: 'private-dns', address: 'private-ip', owner: 'instance-id' },
      }),
      'ec2.inputs.owner: is no input; use one of "host", "address"',
    ],
  ])('with %s is refused with the fix', (_what, change, problem) => {
    expect(problemsAfter(change)).toContainEqual(expect.stringContaining(`provisioning.linux-hosts.${problem}`));
  });

  it('may adopt the host that a message names, and a fixed account with rights on it', () => {
    const adoptsHost = (config: Document) => {
      set('resources', 'machine', 'adopt')(true)(config);
      set('resources', 'system', 'adopt')(true)(config);
    };
    expect(problemsAfter(adoptsHost)).toEqual([]);
    expect(
      problemsAfter((config) => {
        set('resources', 'machine', 'name')('web-01')(config);
        set('resources', 'root', 'adopt')(true)(config);
      }),
    ).toEqual([]);
  });

  it.each(['vault-admin', 'vault'])(
    'may not use the user that reads credentials, by the connection %s',
    (connection) => {
      const problems = problemsAfter((config) => {
        if (connection === 'vault') addReader(config, 'bootstrap/vault-admin');
        config.setIn(['stores', 'aws'], config.createNode({ type: 'aws-secrets-manager' }));
        const sync = { connection, stores: ['aws'], name: 'prod/{systemName}/{accountName}' };
        config.setIn(['syncs', 'fleet'], config.createNode({ ...sync, schedule: { expression: 'rate(1 hour)' } }));
      });
      expect(problems).toEqual([
        'provisioning.linux-hosts.connection: the user of "vault-admin" also reads credentials for syncs.fleet; add a connection with a user and a bootstrap secret of its own',
      ]);
    },
  );

  it('may prove access by a connection that reads, and by no other', () => {
    expect(
      problemsAfter((config) => {
        addReader(config);
        config.setIn([...BLUEPRINT, 'proof', 'access'], 'vault');
      }),
    ).toEqual([]);
    expect(problemsAfter(set('proof', 'access')('vault-admin'))).toEqual([
      'provisioning.linux-hosts.proof.access: the user of "vault-admin" administers; name a connection that reads credentials',
    ]);
  });

  it('refers only to earlier resources', () => {
    const problems = problemsAfter((config) => {
      const machine = config.getIn([...RESOURCES, 'machine'], true);
      config.deleteIn([...RESOURCES, 'machine']);
      config.setIn([...RESOURCES, 'machine'], machine);
    });
    expect(problems).toEqual([
      'provisioning.linux-hosts.resources.system.asset: "machine" comes later; move it before system',
    ]);
  });

  it('has a name of its own', () => {
    const problems = problemsAfter((config) => {
      addReader(config);
      config.setIn(['stores', 'aws'], config.createNode({ type: 'aws-secrets-manager' }));
      const rule = { connection: 'vault', stores: ['aws'], name: 'co/{checkoutId}/{systemName}/{accountName}' };
      config.setIn(['checkouts', 'linux-hosts'], config.createNode(rule));
    });
    expect(problems).toEqual(['provisioning.linux-hosts: has the same name as a checkout; rename it']);
  });
});
