import { describe, expect, it } from 'vitest';
import { buildRelaySchema } from '#shared/config/full-schema.ts';
import { parseConfig } from '#shared/config/load.ts';
import { loadTypes } from '#shared/config/registered-types.ts';
import { relayConfigSchema } from '#shared/config/schema.ts';
import { MORE_TYPES } from '#test/unit/shared/config/other-types.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

/** Configuration of the other types, with a locker and a shelf for the sync `fleet`. */
const LOCKER = {
  3: '    type: locker',
  5: '    pinSecret: pins/vault',
  6: [],
  7: [],
  10: '    type: shelf\n    board: top',
  15: '    name: fleet/{boxNumber}',
  16: '    source: boxes',
} as const;

const problemsWith = (replacements: Readonly<Record<number, string | readonly string[]>>): string[] =>
  problemsOf(configWith({ ...LOCKER, ...replacements }), undefined, MORE_TYPES);

const parse = (text: string) => parseConfig(text, { file: 'relay.yaml' }, MORE_TYPES);

describe('a registered type', () => {
  it('can be used, with its own settings and their defaults', () => {
    const config = parse(configWith(LOCKER));
    expect(config.connections['vault']).toMatchObject({ type: 'locker', pinSecret: 'pins/vault' });
    expect(config.stores['aws']).toEqual({ type: 'shelf', board: 'top' });
    expect(config.syncs['fleet']).toMatchObject({ source: 'boxes', holdMinutes: 15, value: '{credential}' });
  });

  it('passes the schema that functions use, which does not know the type', () => {
    const config = parse(configWith(LOCKER));
    expect(relayConfigSchema.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
    expect(buildRelaySchema(MORE_TYPES).parse(config)).toEqual(config);
  });

  it('cannot be used without registration', () => {
    expect(problemsOf(configWith(LOCKER))[0]).toBe(
      'relay.yaml:3:11 connections.vault.type: is not known; use one of "password-safe", "secretsafe", "sra"',
    );
  });

  it.each<[what: string, replacements: Record<number, string>, problem: string]>([
    [
      'a wrong setting',
      { 5: '    pinSecret: 7' },
      '5:16 connections.vault.pinSecret: must be text, not a number; put it in quotes',
    ],
    [
      'a setting of another type',
      { 10: '    type: shelf\n    board: top\n    kmsKeyArn: x' },
      '10:5 stores.aws.kmsKeyArn: is not a known key; use one of "type", "board"',
    ],
    [
      'a source of another type of connection',
      { 15: '    name: fleet/{aliasName}', 16: '    source: aliases' },
      '15:13 syncs.fleet.source: connection "vault" has no source "aliases"; use "boxes"',
    ],
    [
      'no source, if the default belongs to another type of connection',
      { 15: '    name: fleet/{systemName}/{accountName}', 16: '    # none' },
      '11:3 syncs.fleet.source: connection "vault" has no source "accounts"; use "boxes"',
    ],
    [
      'a label of another source',
      { 16: "    source: boxes\n    value: '{accountName}{credential}'" },
      '16:12 syncs.fleet.value: contains {accountName}, which a sync of boxes does not have; remove it',
    ],
    [
      'a label of no source',
      { 15: '    name: fleet/{boxNumbr}' },
      '14:11 syncs.fleet.name: there is no placeholder "{boxNumbr}"; did you mean "boxNumber"?',
    ],
    [
      'a passphrase of an item that has none',
      { 16: "    source: boxes\n    value: '{credential}{passphrase}'" },
      '16:12 syncs.fleet.value: contains {passphrase}, which only a key has; remove it',
    ],
    [
      'a name without a label that its source needs',
      { 15: '    name: fleet/all' },
      '14:11 syncs.fleet.name: gives two boxes the same name; add {boxNumber}',
    ],
    [
      'a name that its store does not allow',
      { 15: '    name: Fleet/{boxNumber}' },
      '14:11 syncs.fleet.name: contains "F", which the shelf does not allow; use small letters and slashes only',
    ],
    [
      'a name with an end that its store does not allow',
      { 15: '    name: fleet/{boxNumber}/end' },
      '14:11 syncs.fleet.name: ends as nothing may; end it differently',
    ],
    [
      'a folder with secrets of the operator',
      { 15: '    name: pins/{boxNumber}' },
      '14:11 syncs.fleet.name: begins with "pins/" and could overwrite the pin pins/vault; use another folder',
    ],
    [
      'a secret of the operator among the tokens',
      { 5: '    pinSecret: pam-relay/pam-relay/token/pin' },
      '5:16 connections.vault.pinSecret: is in pam-relay/pam-relay/token/, where the relay keeps its tokens; use another folder',
    ],
    [
      'leases that are too short for the pace',
      {
        5: '    pinSecret: pins/vault\n    limits: { perSecond: 1 }',
        16: '    source: boxes\n    concurrency: 1\n    batchSize: 250\n    holdMinutes: 8',
      },
      `19:18 syncs.fleet.holdMinutes: leases would end before their batch is read at the connection's perSecond; use at least 9, or a smaller batchSize`,
    ],
  ])('is refused with %s', (_what, replacements, problem) => {
    expect(problemsWith(replacements)).toEqual([`relay.yaml:${problem}`]);
  });

  it('without checkouts is refused under checkouts', () => {
    const checkout =
      'checkouts:\n  tickets:\n    connection: vault\n    stores: [aws]\n    name: tickets/{checkoutId}/{systemName}/{accountName}';
    expect(problemsOf(`${configWith(LOCKER)}\n${checkout}`, undefined, MORE_TYPES).map(withoutPlace)).toEqual([
      'checkouts.tickets.source: connection "vault" has no source "accounts"; name a connection that a checkout can read from',
    ]);
  });
});

const withoutPlace = (problem: string): string => problem.replace(/^relay\.yaml:\d+:\d+ /, '');

describe('two syncs with one folder', () => {
  const second = (store: string) =>
    `    schedule: { expression: rate(1 hour) }\n  second:\n    source: boxes\n    connection: vault\n    stores: [${store}]\n    name: fleet/{boxNumber}\n    schedule: { expression: rate(1 hour) }`;
  const apart = (other: string, store = 'other') =>
    problemsWith({ 10: `    type: shelf\n    board: top\n  other:\n    ${other}`, 17: second(store) }).map(
      withoutPlace,
    );
  const MEETS =
    'syncs.second.name: begins with "fleet/" while sync "fleet" begins with "fleet/", so each could overwrite secrets of the other; use folders that do not contain each other';

  it('are valid in two places', () => {
    expect(apart('type: shelf\n    board: bottom')).toEqual([]);
    expect(apart('type: aws-secrets-manager')).toEqual([]);
  });

  it('are refused in one place, even if its two stores have different names', () => {
    expect(apart('type: shelf\n    board: top')).toEqual([MEETS]);
  });

  it('are refused in one store with invalid settings', () => {
    expect(problemsWith({ 10: '    type: shelf', 17: second('aws') }).map(withoutPlace)).toEqual([
      'stores.aws.board: is missing; add it (text)',
      MEETS,
    ]);
  });
});

describe('loading types', () => {
  it('imports each once, by its name', async () => {
    const imported: string[] = [];
    const { locker } = MORE_TYPES.connections;
    const { shelf } = MORE_TYPES.stores;
    if (locker === undefined || shelf === undefined) throw new Error('The types of this test are missing.');
    const importing = <T>(type: string, found: T) => {
      return async (): Promise<T> => {
        imported.push(type);
        return found;
      };
    };
    const types = await loadTypes({
      connections: { locker: importing('locker', locker) },
      stores: { shelf: importing('shelf', shelf) },
    });
    expect(types).toEqual({ connections: { locker }, stores: { shelf }, resources: { locker: {} } });
    expect(imported.toSorted()).toEqual(['locker', 'shelf']);
  });

  it('throws without any type, which is a defect', () => {
    expect(() => buildRelaySchema({ connections: {}, stores: {}, resources: {} })).toThrow(
      'No registered type has a shape',
    );
  });
});
