import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '#shared/config/load.ts';
import { configWith, problemsOf } from '#test/unit/shared/config/support.ts';

const lines = (count: number, line: (index: number) => string): string =>
  [configWith(), 'x:', ...Array.from({ length: count }, (_, index) => line(index))].join('\n');

const MORE = 'the whole file: more problems follow from here on; correct those above first';

describe('a hostile file', () => {
  it.each<[what: string, text: string, first: string, count: number]>([
    ['tags', lines(1000, () => '  - !a b'), 'relay.yaml:19:5 x[0]: an unquoted ! begins a YAML tag', 200],
    ['anchors', lines(1000, (index) => `  - &a${index} b`), 'relay.yaml:18:1 x: is not a known key', 1],
    ['keys', lines(1000, (index) => `  k${index}: b`), 'relay.yaml:18:1 x: is not a known key', 1],
    ['duplicate keys', lines(1000, () => '  k: b'), 'relay.yaml:18:1 x: is not a known key', 201],
    ['unknown settings', lines(1000, (index) => `k${index}: b`), 'relay.yaml:18:1 x: is not a known key', 201],
    ['missing anchors', lines(1000, (index) => `  - *a${index}`), 'relay.yaml:19:5 x[0]: there is no anchor &a0', 200],
    ['merge keys', lines(1000, () => '  - <<: { a: b }'), 'relay.yaml:18:1 x: is not a known key', 201],
    ['control characters', lines(1000, () => '  - \u001B'), 'relay.yaml:19:5 x[0]: the control character U+001B', 200],
    ['nested lists', '- '.repeat(1100), 'relay.yaml:1:101 the whole file: is nested more than 50 levels', 1],
    [
      'nested maps',
      lines(1100, (index) => `${' '.repeat(index + 1)}a:`),
      'relay.yaml:68:51 the whole file: is nested',
      1,
    ],
    ['brackets', '['.repeat(10_000), 'relay.yaml:1:51 the whole file: is nested more than 50 levels', 1],
    ['signs', `[${','.repeat(400_000)}`, 'relay.yaml:1:300001 the whole file: the file is too long from here on', 1],
    [
      '5 million characters',
      '#'.repeat(5_000_000),
      'relay.yaml:1:1 the whole file: has more than 1,000,000 characters',
      1,
    ],
    [
      'an alias of an alias, 60 levels deep',
      lines(60, (index) => `  a${index}: &a${index} [${index === 0 ? '' : `*a${index - 1}`}]`),
      'relay.yaml:69:13 x.a50: the aliases expand too far',
      1,
    ],
  ])('of %s ends with line, field and fix', (_what, text, first, count) => {
    const problems = problemsOf(text);
    expect(problems[0]).toContain(first);
    expect(problems).toHaveLength(count);
    if (count === 201) expect(problems.at(-1)).toContain(MORE);
  });

  it('does not keep a schedule from being the alias of hundreds of others', () => {
    const sync = (index: number) =>
      `  s${index}: { connection: vault, stores: [aws], name: "s${index}/{systemId}/{accountId}", schedule: *hourly }`;
    const text = [
      configWith({ 17: '    schedule: &hourly { expression: rate(1 hour) }' }),
      ...Array.from({ length: 300 }, (_, index) => sync(index)),
    ];
    // So many syncs exceed the sizes of a stack. Nothing is wrong with the aliases.
    const problems = problemsOf(text.join('\n')).filter((line) => !line.includes('split relay.yaml into two files'));
    expect(problems).toEqual([]);
  });
});

it('an address of any length is refused before it is shortened', () => {
  const url = `https://pam.example.com/api/public/v3${'/'.repeat(5000)}x/api/public/v3`;
  expect(problemsOf(configWith({ 4: `    url: ${url}` }))).toEqual([
    expect.stringMatching(
      /^relay\.yaml:4:10 connections\.vault\.url: .*is too long; use the address of the vault alone$/,
    ),
  ]);
});

it('a key of any length is shown in part', () => {
  const [problem = ''] = problemsOf(configWith({ 8: `${'k'.repeat(50_000)}: {}\nstores:` }));
  expect(problem.length).toBeLessThan(2500);
});

describe('an encoding', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'relay-encoding-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const load = (bytes: Uint8Array): string => {
    const file = join(directory, 'relay.yaml');
    writeFileSync(file, bytes);
    try {
      loadConfig(file);
    } catch (error) {
      return String(error).replace(`ConfigurationInvalid: ${file}`, 'relay.yaml');
    }
    return 'is valid';
  };

  const TEXT = configWith({ 16: "    value: { password: '{credential}', note: grün }" });
  const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const convert = (encoding: string): string =>
    `save the file as UTF-8, or convert it: iconv -f ${encoding} -t UTF-8 relay.yaml > relay.utf8.yaml`;

  it.each<[what: string, bytes: Uint8Array, result: string]>([
    ['UTF-8', Buffer.from(TEXT), 'is valid'],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TEXT}`), 'is valid'],
    [
      'Latin-1',
      Buffer.from(TEXT, 'latin1'),
      `relay.yaml:16:48 the whole file: is not UTF-8 at this character; ${convert('ISO-8859-1')}`,
    ],
    [
      'UTF-8 that is cut off',
      Buffer.from(`${configWith()} # grü`).subarray(0, -1),
      `relay.yaml:17:48 the whole file: is not UTF-8 at this character; ${convert('ISO-8859-1')}`,
    ],
    [
      'UTF-16 with a byte order mark',
      utf16(`\uFEFF${TEXT}`),
      `relay.yaml:1:1 the whole file: is not UTF-8 but UTF-16LE; ${convert('UTF-16LE')}`,
    ],
    [
      'UTF-16 without one',
      utf16(TEXT),
      `relay.yaml:1:1 the whole file: is not UTF-8 but UTF-16LE; ${convert('UTF-16LE')}`,
    ],
    [
      'big-endian UTF-16',
      utf16(`\uFEFF${TEXT}`).swap16(),
      `relay.yaml:1:1 the whole file: is not UTF-8 but UTF-16BE; ${convert('UTF-16BE')}`,
    ],
    [
      'big-endian UTF-16 without a byte order mark',
      utf16(TEXT).swap16(),
      `relay.yaml:1:1 the whole file: is not UTF-8 but UTF-16BE; ${convert('UTF-16BE')}`,
    ],
    [
      'UTF-8 with a NUL',
      Buffer.from(configWith({ 14: '    stores: [a\u0000ws]' })),
      'relay.yaml:14:15 syncs.fleet.stores[0]: the control character U+0000 is not allowed; remove it, or write it as an escape in double quotes, such as "\\t"',
    ],
    ['nothing', Buffer.from(''), 'relay.yaml:1:1 the whole file: is empty; write a map here'],
  ])('of %s', (_what, bytes, result) => expect(load(bytes)).toBe(result));
});
