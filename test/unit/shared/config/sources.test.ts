import { describe, expect, it } from 'vitest';
import { aConfig } from '#test/support/configs.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const VALUE = 16;
/** The sync of the configuration with another source; its name is in line 15, its value in line 16. */
const syncWith = (name: string, more: readonly string[] = [], value = "    value: '{credential}'") =>
  problemsOf(
    configWith({ 15: `    name: ${name}`, [VALUE]: [value, ...more.map((line) => `    ${line}`)].join('\n') }),
  );

const ALIASES = ['source: aliases'];
const PAIRS = ['source: pairs'];
const SAFE = ['source: secrets-safe'];

describe('a sync', () => {
  it.each<[what: string, name: string, more: readonly string[], value?: string]>([
    ['of keys', 'fleet/{systemId}/{accountId}', ['credential: dsskey'], "    value: '{credential}{passphrase}'"],
    ['by the ISA role', 'fleet/{systemId}/{accountId}', ['access: isa']],
    ['of aliases', 'fleet/{aliasName}', [...ALIASES, 'select: { aliases: [a*], systems: [b*] }']],
    ['of pairs', 'fleet/{pairName}', PAIRS, "    value: '{accountName} {credential}'"],
    ['of Secrets Safe', 'fleet/{folderPath}/{title}', [...SAFE, 'select: { folders: [a/*], types: [file] }']],
    [
      'of Secrets Safe with an API version',
      'fleet/{folderPath}/{title}',
      [...SAFE, 'apiVersion: "3.2"'],
      "    value: '{username}{credential}'",
    ],
  ])('%s is valid', (_what, name, more, value) => expect(syncWith(name, more, value)).toEqual([]));

  it.each<[what: string, name: string, more: readonly string[], value: string | undefined, problem: RegExp]>([
    [
      'passwords have a passphrase',
      'fleet/{systemId}/{accountId}',
      [],
      "    value: '{credential}{passphrase}'",
      /16:12 syncs\.fleet\.value: contains \{passphrase\}, which only a key has; remove it/,
    ],
    [
      'the passphrase is part of a name',
      'fleet/{systemId}/{accountId}/{passphrase}',
      ['credential: dsskey'],
      undefined,
      /syncs\.fleet\.name: must not contain \{passphrase\}, because names are listed and logged/,
    ],
    [
      'accounts have an alias',
      'fleet/{systemId}/{accountId}/{aliasName}',
      [],
      undefined,
      /syncs\.fleet\.name: contains \{aliasName\}, which a sync of accounts does not have; remove it/,
    ],
    [
      'aliases are distinguished only by their accounts',
      'fleet/{systemId}/{accountId}',
      ALIASES,
      undefined,
      /syncs\.fleet\.name: gives two aliases of an account the same name; add \{aliasName\}/,
    ],
    [
      'pairs are distinguished only by an account, which changes',
      'fleet/{accountName}',
      PAIRS,
      undefined,
      /gives two pairs the same name; add \{pairName\}.*contains \{accountName\}, which changes with each turn; remove it/s,
    ],
    [
      'accounts of the Vault are named by their user, which comes with the credential',
      'fleet/{groupName}/{accountName}/{userName}',
      ['source: vault-accounts'],
      undefined,
      /syncs\.fleet\.name: contains \{userName\}, which comes with the credential; remove it, or use it in value/,
    ],
    [
      'secrets are distinguished only by their folders',
      'fleet/{folderPath}',
      SAFE,
      undefined,
      /syncs\.fleet\.name: gives two secrets of a folder the same name; add \{title\}/,
    ],
    [
      'secrets are distinguished only by their titles',
      'fleet/{title}',
      SAFE,
      undefined,
      /syncs\.fleet\.name: gives secrets of two folders the same name; add \{folderPath\}/,
    ],
    [
      'secrets have accounts',
      'fleet/{folderPath}/{title}',
      SAFE,
      "    value: '{accountName}{credential}'",
      /syncs\.fleet\.value: contains \{accountName\}, which a sync of secrets-safe does not have; remove it/,
    ],
    [
      'a source is not known',
      'fleet/{title}',
      ['source: secret-safe'],
      undefined,
      /17:13 syncs\.fleet\.source: is not known; did you mean "secrets-safe"\?/,
    ],
    [
      'a setting is of another source',
      'fleet/{folderPath}/{title}',
      [...SAFE, 'access: isa'],
      undefined,
      /18:5 syncs\.fleet\.access: is not a known key/,
    ],
    [
      'a selection is of another source',
      'fleet/{folderPath}/{title}',
      [...SAFE, 'select: { systems: [a] }'],
      undefined,
      /18:15 syncs\.fleet\.select\.systems: is not a known key/,
    ],
  ])('is refused if %s', (_what, name, more, value, problem) => {
    expect(syncWith(name, more, value).join('\n')).toMatch(problem);
  });
});

describe('an omitted value', () => {
  const writtenBy = (sync: Record<string, unknown>) => aConfig(sync).syncs['databases']?.value;

  it('is an object with the available parts', () => {
    expect(writtenBy({})).toEqual({ username: '{accountName}', password: '{credential}' });
    expect(writtenBy({ credential: 'dsskey' })).toEqual({
      username: '{accountName}',
      privateKey: '{credential}',
      passphrase: '{passphrase}',
    });
    expect(writtenBy({ source: 'secrets-safe' })).toEqual({ username: '{username}', password: '{credential}' });
  });
});
